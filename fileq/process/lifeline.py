"""What tells children that their parent is gone, however it went."""

import threading

from fileq.process import forkserver
from fileq.process.fork_safety import tell_of_forks
from fileq.process.forkserver import Connection


class Lifeline:
    """A pipe, one for all children of this process.

    Nobody but this process has the writing end, and nothing is ever written: it breaks when this process is gone.
    """

    def __init__(self) -> None:
        self._ends: tuple[Connection, Connection] | None = None
        self._lock = threading.Lock()

    def open(self) -> Connection:
        """Return the end that children watch. Raises OSError where no handles are left."""
        with self._lock:
            if self._ends is None:
                self._ends = forkserver.context.Pipe(duplex=False)
                tell_of_forks(self)
            return self._ends[0]

    def before_fork(self) -> None:
        """Let nobody open it meanwhile."""
        self._lock.acquire()

    def after_fork(self, *, in_child: bool) -> None:
        """Leave it to the parent: a child that had it, too, would have the parent's children outlive the parent."""
        if in_child and self._ends is not None:
            for end in self._ends:
                end.close()
            self._ends = None
        self._lock.release()


lifeline = Lifeline()
"""That of this process."""

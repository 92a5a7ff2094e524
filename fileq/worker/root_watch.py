"""Which roots are there: a worker takes no jobs for a share that is not mounted, as others can do them."""

import threading
from contextlib import suppress

from fileq.clock import steady_time
from fileq.errors import LedgerError
from fileq.ledger import Ledger
from fileq.process.thread import BoundedStartThread
from fileq.roots import note_absent_roots, this_hosts_roots

_FIRST_PATIENCE = 2.0
"""Seconds for which a worker that begins waits for a look at its roots."""
_PATIENCE = 5.0
"""Seconds after which roots at which a look hangs are thought to be away."""


class RootWatch:
    """Looks for the roots of this host in a thread of its own: where a network drive does not answer, a look hangs.

    The first look is over when it is made, unless that hangs.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._thread: threading.Thread | None = None
        self._begun_at = 0.0
        self.look(_FIRST_PATIENCE)

    def look(self, patience: float = 0.0) -> None:
        """Begin a look, unless one is under way, and wait for it for so many seconds at most."""
        roots = this_hosts_roots().paths
        if not roots:
            return
        if self._thread is None or not self._thread.is_alive():
            self._begun_at = steady_time()
            self._thread = BoundedStartThread(target=self._look, name="fileq-roots")
            with suppress(RuntimeError, MemoryError):  # who works meets that too, and says it
                self._thread.start()
        if self._thread.is_alive():
            self._thread.join(patience)
        if self._thread.is_alive() and steady_time() - self._begun_at > _PATIENCE:
            note_absent_roots(roots)

    def _look(self) -> None:
        from fileq.health.checks.roots import find_absent_roots  # noqa: PLC0415  # most hosts have no roots

        with suppress(LedgerError):  # the slots say it
            note_absent_roots(find_absent_roots(self._ledger))

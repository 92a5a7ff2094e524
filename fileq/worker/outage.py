"""What keeps slots from working and is no fault of any job: no handles, no memory, a database that doesn't answer."""

import logging
import threading
import time
from collections.abc import Callable

from fileq.errors import FileqError

_FIRST_DELAY = 1.0
_EVERY = 60.0

_log = logging.getLogger("fileq")


class SlotBackoff:
    """How long one slot holds still: 1 s, then each time twice as long, up to `longest` seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._delay = _FIRST_DELAY
        self._until: float | None = None

    @property
    def is_on(self) -> bool:
        return self._until is not None and self._clock() < self._until

    def hold(self, longest: float) -> None:
        self._until = self._clock() + min(self._delay, longest)
        self._delay = min(2 * self._delay, longest)

    def reset(self) -> None:
        self._delay, self._until = _FIRST_DELAY, None


class Outage:
    """One thing that all slots of a worker need. It is said when it fails, now and then while it does, and at its end.

    `over` is the sentence for its end, `every` the seconds after which what still lasts is said again.
    """

    def __init__(self, over: str, clock: Callable[[], float] = time.monotonic, *, every: float = _EVERY) -> None:
        self._over = over
        self._every = every
        self._clock = clock
        self._lock = threading.Lock()
        self._since: float | None = None
        self._said_at = float("-inf")
        self._said = False
        self.error: FileqError | None = None

    def begin(self, error: FileqError) -> None:
        """Somebody has met it, for the first time or again."""
        with self._lock:
            now = self._clock()
            self.error = error
            self._since = now if self._since is None else self._since
            say = now - self._said_at >= self._every
            if say:
                self._said_at, self._said = now, True
        if say:
            _log.warning("%s Jobs wait until that is over.", error)

    def end(self) -> None:
        """Somebody has worked again."""
        if self._since is None:  # a look without the lock: this is asked ten thousand times, and hardly ever so
            return
        with self._lock:
            said, self._said = self._said, False
            self._since = self.error = None
        if said:
            _log.info("%s", self._over)

    @property
    def seconds(self) -> float:
        """How long it has lasted; 0 where it is none."""
        since = self._since
        return 0.0 if since is None else self._clock() - since

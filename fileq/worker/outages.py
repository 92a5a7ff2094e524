"""What keeps jobs from being done and is no fault of theirs: no handles, no memory, a silent database, a full disk."""

import logging
import os
import threading
import time
from collections.abc import Callable

import msgspec

from fileq.errors import DatabaseReplaced, FileqError, FolderUnavailable, LedgerError

_FIRST_DELAY = 1.0
_EVERY = 60.0
_FIRST_FOLDER_DELAY, _LONGEST_FOLDER_DELAY = 10.0, 300.0
_LOST_TIMES, _LOST_AT_ONCE = 4, 2.0
"""How often something is done again that a lost connection has cut off, and for how many seconds."""

_log = logging.getLogger("fileq")


def retry_lost(action: Callable[[], None]) -> None:
    """Do what is safe to be done twice; where a server ends the connection amid it, do it again. Raises LedgerError."""
    begun = time.monotonic()
    for _ in range(_LOST_TIMES):
        try:
            return action()
        except DatabaseReplaced:
            raise
        except LedgerError:
            if time.monotonic() - begun > _LOST_AT_ONCE:  # whoever has waited for long has waited enough
                raise
    return action()


class SlotBackoff:
    """How long one slot begins no job: 1 s, then each time twice as long, up to `longest` seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._delay = _FIRST_DELAY
        self._until: float | None = None

    @property
    def is_on(self) -> bool:
        return self._until is not None and self._clock() < self._until

    def begin(self, longest: float) -> None:
        """Begin no job from now on, for at most `longest` seconds."""
        self._until = self._clock() + min(self._delay, longest)
        self._delay = min(2 * self._delay, longest)

    def reset(self) -> None:
        """Begin jobs again; the next time that nothing works, wait for 1 s."""
        self._delay, self._until = _FIRST_DELAY, None


class Outage:
    """One thing that all slots of a worker need. It is said when it fails, now and then while it does, and at its end.

    Another reason for it is said at once. `over` is the sentence for its end, `every` the seconds after which what
    lasts is said once more.
    """

    def __init__(self, over: str, clock: Callable[[], float] = time.monotonic, *, every: float = _EVERY) -> None:
        self._over = over
        self._every = every
        self._clock = clock
        self._lock = threading.Lock()
        self._since: float | None = None
        self._said_at = self._reported_at = float("-inf")
        self._said = False
        self._said_reasons: set[str] = set()
        self.error: FileqError | None = None

    def begin(self, error: FileqError) -> None:
        """Note that somebody has met the outage, for the first time or again."""
        with self._lock:
            now = self._clock()
            self.error = error
            self._since = now if self._since is None else self._since
            if now - self._said_at >= self._every:
                self._said_reasons.clear()
            say = str(error) not in self._said_reasons
            if say:
                self._said_at, self._said = now, True
                self._said_reasons.add(str(error))
        if say:
            _log.warning("%s Jobs wait until that is over.", error)

    def report(self, message: str) -> None:
        """Log that something beside the slots has met it, unless it was said a moment ago. No job waits by that."""
        with self._lock:
            now = self._clock()
            say = now - max(self._said_at, self._reported_at) >= self._every
            if say:
                self._reported_at, self._said = now, True
        if say:
            _log.warning("%s", message)

    def end(self) -> None:
        """Note that somebody has worked again."""
        if self._since is None:  # a look without the lock: this is asked ten thousand times, and hardly ever so
            return
        with self._lock:
            said, self._said = self._said, False
            self._since = self.error = None
        if said:
            _log.info("%s", self._over)

    @property
    def seconds(self) -> float:
        """How long the outage has lasted; 0 where there is none."""
        since = self._since
        return 0.0 if since is None else self._clock() - since


class _FolderOutage(msgspec.Struct, kw_only=True):
    outage: Outage
    kind: str
    delay: float
    until: float
    met_at: float


class FolderOutages:
    """Folders whose disk is full, read-only or away: jobs that need one wait for it, as long as it takes.

    Shared by the slots of one worker. Times are seconds of `clock`, which never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._folders: dict[str, _FolderOutage] = {}

    def begin(self, error: FolderUnavailable, source: str, folder: str) -> float:
        """Note that a job about `source`, with outputs in `folder`, met one; return the seconds that such jobs wait."""
        place = os.path.dirname(source)
        key = place if error.folder == place else folder
        with self._lock:
            now = self._clock()
            known = self._folders.get(key)
            if known is None or known.kind != error.kind:
                known = self._folders[key] = _FolderOutage(
                    outage=Outage(f"{key} can be used again: its jobs go on.", self._clock, every=float("inf")),
                    kind=error.kind,
                    delay=_FIRST_FOLDER_DELAY,
                    until=now + _FIRST_FOLDER_DELAY,
                    met_at=now,
                )
            elif now >= known.until:  # it was tried again: those that met it at the same time count once
                known.delay = min(2 * known.delay, _LONGEST_FOLDER_DELAY)
                known.until = now + known.delay
            known.met_at = now
            left = known.until - now
        known.outage.begin(error)
        return left

    @property
    def any(self) -> bool:
        """Whether any folder is out."""
        return bool(self._folders)

    def seconds_left(self, source: str, folder: str) -> float:
        """Return how long a job is to wait before it tries its folders again; 0 where none is known of."""
        with self._lock:
            untils = [self._folders[key].until for key in (os.path.dirname(source), folder) if key in self._folders]
        return max(0.0, *(until - self._clock() for until in untils)) if untils else 0.0

    def end(self, source: str, folder: str, seconds: float) -> None:
        """Note that a job which began so many seconds ago has read its source and written its outputs.

        One that began before another met the outage may have written them before: that says nothing.
        """
        if not self._folders:  # a look without the lock: it is asked for each job, and hardly ever otherwise
            return
        with self._lock:
            begun = self._clock() - seconds
            keys = {os.path.dirname(source), folder} & self._folders.keys()
            over = [self._folders.pop(key) for key in keys if self._folders[key].met_at < begun]
        for one in over:
            one.outage.end()


class LedgerAlarm:
    """Goes off once when the ledger could not be used for minutes: health can then write down nothing that it finds."""

    def __init__(self, patience: float = 300.0) -> None:
        self._patience = patience
        self._since: float | None = None

    def note_failure(self, now: float) -> bool:
        """Note that the ledger could not be used at `now`; return whether that is to be told."""
        if self._since is None:
            self._since = now + self._patience
        if now < self._since:
            return False
        self._since = float("inf")
        return True

    def reset(self) -> None:
        """Note that the ledger can be used."""
        self._since = None

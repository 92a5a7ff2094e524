"""Folders whose disk is full, read-only or away: jobs that need one wait for it, as long as it takes."""

import os
import threading
import time
from collections.abc import Callable

import msgspec

from fileq.errors import FolderUnavailable
from fileq.worker.outage import Outage

_FIRST_DELAY, _LONGEST_DELAY = 10.0, 300.0


class _FolderOutage(msgspec.Struct):
    outage: Outage
    kind: str
    delay: float
    until: float


class FolderOutages:
    """What the slots of one worker know of such folders. Times are seconds of `clock`, which never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._folders: dict[str, _FolderOutage] = {}

    def begin(self, error: FolderUnavailable, source: str, folder: str) -> float:
        """A job about `source`, with outputs in `folder`, has met one. Return the seconds that such a job waits."""
        place = os.path.dirname(source)
        key = place if error.folder == place else folder
        with self._lock:
            now = self._clock()
            known = self._folders.get(key)
            if known is None or known.kind != error.kind:
                outage = Outage(f"{key} can be used again: its jobs go on.", self._clock, every=float("inf"))
                known = self._folders[key] = _FolderOutage(outage, error.kind, _FIRST_DELAY, now + _FIRST_DELAY)
            elif now >= known.until:  # it was tried again: those that met it at the same time count once
                known.delay = min(2 * known.delay, _LONGEST_DELAY)
                known.until = now + known.delay
            left = known.until - now
        known.outage.begin(error)
        return left

    @property
    def any(self) -> bool:
        return bool(self._folders)

    def seconds_left(self, source: str, folder: str) -> float:
        """Return how long a job is to wait before it tries its folders again; 0 where none is known of."""
        with self._lock:
            untils = [self._folders[key].until for key in (os.path.dirname(source), folder) if key in self._folders]
        return max(0.0, *(until - self._clock() for until in untils)) if untils else 0.0

    def end(self, source: str, folder: str) -> None:
        """A job has read its source and written its outputs."""
        if not self._folders:  # a look without the lock: it is asked for each job, and hardly ever otherwise
            return
        with self._lock:
            over = [self._folders.pop(key, None) for key in {os.path.dirname(source), folder}]
        for one in over:
            if one is not None:
                one.outage.end()

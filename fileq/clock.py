"""Clocks: one that nobody sets, and that of a ledger's database, which all who share the ledger go by."""

import sys
import time
from collections.abc import Callable


def steady_time() -> float:
    """Return a count of seconds that goes on whatever the clock is set to, also while the machine sleeps."""
    if sys.platform == "linux":
        seconds = time.clock_gettime(time.CLOCK_BOOTTIME)
    elif sys.platform == "darwin":
        seconds = time.clock_gettime(time.CLOCK_MONOTONIC)  # time.monotonic stands still in its sleep
    else:
        seconds = time.monotonic()
    return seconds


class RemoteClock:
    """The clock of another machine, which goes on here from when it was last read. `steady` is one that nobody sets."""

    _LONGEST = 60.0

    def __init__(self, steady: Callable[[], float] = steady_time) -> None:
        self._steady = steady
        self._read = (0.0, float("-inf"))  # what it said, and when that was by the steady clock

    @property
    def is_stale(self) -> bool:
        """Whether it should be read anew: clocks run at different speeds, and are set."""
        return self._steady() - self._read[1] > self._LONGEST

    def set(self, seconds: float) -> None:
        """Note what it says just now, in seconds since the epoch."""
        self._read = (seconds, self._steady())

    def now(self) -> float:
        """Return what it says, in seconds since the epoch. It was read before."""
        said, read_at = self._read
        return said + self._steady() - read_at

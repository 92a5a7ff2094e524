"""The memory that the jobs of one worker share: a large one waits for others, and others for it."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

_SHARE = 0.85
"""Of the machine's memory for jobs; the rest is the system's, and the worker's own."""

_LOOK = 0.2
"""Seconds between two looks whether somebody who waits has been given up, or other programs have freed memory."""

_CGROUPS = Path("/sys/fs/cgroup")


class MemoryBudget:
    """Bytes for all jobs of a worker that need much; `total` is what they have together.

    Who came first gets its share first, so that a large job isn't passed by small ones for ever. One alone may always
    begin: whether it fits at all is its own limit's matter.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self._taken = 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    def acquire(self, need: int, is_given_up: Callable[[], bool]) -> bool:
        """Wait until there are `need` bytes, and take them; return False where that is given up before."""
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while not (self._waiting[0] is ticket and self._has_room(need)):
                    if is_given_up():
                        return False
                    self._changed.wait(_LOOK)
                self._taken += need
                return True
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """How many wait for their share."""
        return len(self._waiting)

    def release(self, need: int) -> None:
        """Give back what `acquire` took."""
        with self._changed:
            self._taken -= need
            self._changed.notify_all()

    def _has_room(self, need: int) -> bool:
        if self._taken == 0:
            return True
        return self._taken + need <= self.total and need <= psutil.virtual_memory().available


def usable_memory() -> int:
    """Return the bytes that all jobs of this machine may use together: a share of what it, or its container, has."""
    return int(min([psutil.virtual_memory().total, *_cgroup_limits()]) * _SHARE)


def name_limit(memory: int) -> str:
    """Return what keeps jobs from more than `memory` bytes, as a sentence begins: "" where that is the config."""
    if memory < usable_memory():
        return ""
    total = psutil.virtual_memory().total
    is_grouped = min(_cgroup_limits(), default=total) < total
    return "The container or service that the worker runs in (its control group)" if is_grouped else "This machine"


def _cgroup_limits() -> Iterator[int]:
    """Yield the limits of the control groups that this process is in, of both versions (cgroups(7))."""
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text(encoding="ascii", errors="replace").splitlines():
            number, kinds, path = line.split(":", 2)
            if number == "0":
                yield from _limits_of(_CGROUPS, path, "memory.max")
            elif "memory" in kinds.split(","):
                yield from _limits_of(_CGROUPS / "memory", path, "memory.limit_in_bytes")


def _limits_of(root: Path, path: str, name: str) -> Iterator[int]:
    folder = root / path.lstrip("/")
    for group in (folder, *folder.parents):
        with suppress(OSError, ValueError):  # "max": no limit; and some groups are not to be seen from inside
            yield int((group / name).read_text(encoding="ascii"))
        if group == root:
            return

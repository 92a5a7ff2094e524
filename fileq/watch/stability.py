"""When a file is complete: what is seen of it at a moment, and the rules. `now` is in seconds of the monotonic clock.

Fast, where the system says who has a file open: nobody writes to it, its end is there, and 30 ms were quiet. A format
without a mark at its end needs 1 s. Slow, everywhere else: nothing has changed for `settle` seconds. It never gives up.
"""

import errno
import os
import signal
import stat
import sys
from enum import StrEnum

import msgspec

from fileq.files.containers import has_end

if sys.platform == "linux":
    import fcntl

QUIET = 0.03
"""Seconds after the last event. Programs that write a file in pieces close it and open it again within less."""

UNMARKED = 1.0
"""The same for formats whose end can't be seen."""

LONG = 600.0
"""Seconds after which a file that isn't complete is worth a warning."""

_SOONEST, _LATEST, _GROWTH = 0.1, 2.0, 1.5

_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

_leases = False


class ProbedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file at one moment. `is_open`: whether somebody has it open for writing; `has_end`: whether its end is there.

    Both are None where that can't be known.
    """

    size: int
    mtime_ns: int
    inode: int
    is_open: bool | None
    has_end: bool | None

    @property
    def identity(self) -> tuple[int, int, int]:
        """Return what changes when the file does."""
        return self.size, self.mtime_ns, self.inode


class UnsettledReason(StrEnum):
    """Why a file is not taken yet."""

    NEW = "it has just come"
    EMPTY = "it is empty"
    OPEN = "a program is writing to it"
    UNFINISHED = "its last bytes are not there yet"
    CHANGING = "it may still change"
    LINKED = "it has another name"
    BUSY = "it is being processed under its former name"


class FileHistory:
    """What was seen of a file up to now: when it was found, when an event told of it, when it was seen to change."""

    __slots__ = ("changed_at", "event_at", "first_at", "last_probe", "probes", "reason")

    def __init__(self, now: float) -> None:
        self.first_at = now
        self.event_at = now
        self.changed_at = now
        self.last_probe: ProbedFile | None = None
        self.probes = 0
        self.reason = UnsettledReason.NEW


def seconds_until_next_probe(file: FileHistory, probed: ProbedFile, now: float, settle: float) -> float | None:
    """Return in how many seconds to probe a file again, and say why in `file.reason`; None where it is complete.

    `probed` is what is seen of it `now`.
    """
    if file.last_probe is None or file.last_probe.identity != probed.identity:
        file.changed_at = now
    file.last_probe = probed
    file.probes += 1
    if probed.size == 0:
        file.reason = UnsettledReason.EMPTY
        return _next_probe_delay(file)
    if probed.is_open:
        file.reason = UnsettledReason.OPEN
        return _next_probe_delay(file)
    if probed.is_open is False and probed.has_end:
        file.reason = UnsettledReason.NEW
        return _seconds_left(now - file.event_at, QUIET)
    quiet = now - max(file.event_at, file.changed_at)
    if probed.is_open is False and probed.has_end is None:
        file.reason = UnsettledReason.CHANGING
        return _seconds_left(quiet, UNMARKED)
    file.reason = UnsettledReason.UNFINISHED if probed.has_end is False else UnsettledReason.CHANGING
    return _seconds_left(quiet, settle)


def _seconds_left(quiet: float, needed: float) -> float | None:
    """Return for how many more seconds a file must be quiet; None where it was quiet for as long as needed."""
    return None if quiet >= needed else needed - quiet


def _next_probe_delay(file: FileHistory) -> float:
    """Return the seconds until the next probe, more each time: an event tells sooner, where one comes."""
    return float(min(_LATEST, _SOONEST * _GROWTH ** min(file.probes, 20)))


def use_leases() -> None:
    """Ask the system who writes to a file, where it can say so. In the main thread.

    Should somebody open the file in the microseconds that our lease stands, we are sent a SIGIO: it would end us.
    """
    global _leases  # noqa: PLW0603  # a signal's disposition is the process's too
    if sys.platform == "linux":
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        _leases = True


def probe_file(path: str) -> ProbedFile | None:
    """Return the file at this moment; None where there is no regular file. Raises OSError."""
    try:
        # Not to wait for the other end, where a pipe stands there by now.
        file = os.open(path, os.O_RDONLY | _FLAGS)
    except PermissionError:
        return _from_outside(path)
    except OSError:  # it is gone, or a link to nothing
        return None
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            return None
        return _probed(status, is_open=_is_written(file), has_end=_has_end(file, status.st_size))
    except OSError as error:
        if error.errno in (errno.EIO, errno.ESTALE):  # a network drive that has gone
            return None
        raise
    finally:
        os.close(file)


def _from_outside(path: str) -> ProbedFile | None:
    """What can be seen of a file that can't be opened: the job is to say that, once the file rests."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return _probed(status, is_open=None, has_end=None) if stat.S_ISREG(status.st_mode) else None


def _probed(status: os.stat_result, *, is_open: bool | None, has_end: bool | None) -> ProbedFile:
    return ProbedFile(
        size=status.st_size, mtime_ns=status.st_mtime_ns, inode=status.st_ino, is_open=is_open, has_end=has_end
    )


def _has_end(file: int, size: int) -> bool | None:
    if not size:
        return None
    with open(file, "rb", buffering=0, closefd=False) as content:
        return has_end(content, size)


def _is_written(file: int) -> bool | None:
    """Whether any process has this file open for writing, or mapped so: by a lease, see fcntl(2)."""
    if sys.platform == "linux" and _leases:
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as error:
            # EACCES: it is another user's. EINVAL: this file system has no leases.
            return True if error.errno == errno.EAGAIN else None
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return False
    return None

"""Which process this is, and whether another one is still there: the one answer for workers, watchers and leases.

A process is known by the kernel's own count of clock ticks at its start, the boot that it belongs to, and its pid.
Wall-clock times won't do: after a step of the clock, psutil reports another start for the same process.
"""

import functools
import os
import sys
from collections.abc import Sequence

import msgspec

_HANGING = 20
"""A process of this host that is there, and not stopped, is given up after its patience times this many."""

_LONGEST_ELSEWHERE = 6 * 3600.0

_SAME_START = 1.5
"""Seconds by which psutil's figure for a process's start wavers, where there are no ticks to compare."""


class _Sight(msgspec.Struct, frozen=True):
    """What the system says of a process now."""

    started: str
    is_stopped: bool
    is_dead: bool


class ProcessIdentity(msgspec.Struct, frozen=True):
    """A process, for ever. `started` is an opaque text that this module makes and compares."""

    host: str
    pid: int
    started: str


def hostname() -> str:
    if hasattr(os, "uname"):
        return os.uname().nodename
    import socket  # noqa: PLC0415  # 4 ms that only Windows needs

    return socket.gethostname()


def this_process() -> ProcessIdentity:
    return identify(os.getpid())


def identify(pid: int) -> ProcessIdentity:
    """Name a process of this host. Raises ProcessLookupError."""
    seen = _look(pid)
    if seen is None:
        raise ProcessLookupError(f"There is no process {pid}.")
    return ProcessIdentity(hostname(), pid, seen.started)


def is_elsewhere(process: ProcessIdentity) -> bool:
    """Whether it can't be seen from here: another host's, or of another container of this one."""
    return process.host != hostname() or _namespace(process.started) not in (None, _namespace(_epoch()))


def is_running(process: ProcessIdentity) -> bool:
    """Whether a process that can be seen from here is there. A dead one that nobody has waited for is not."""
    return _see(process) is not None


def may_be_at_work(process: ProcessIdentity, seconds: float) -> bool:
    """Whether a process may still do what it began `seconds` ago.

    One that can't be seen from here, and gives no sign of life, is taken to do so for six hours.
    """
    return seconds < _LONGEST_ELSEWHERE if is_elsewhere(process) else is_running(process)


def is_gone(process: ProcessIdentity, *, silence: float, patience: float, observed: float | None = None) -> bool:
    """Whether a process that should give a sign of life now and then, and has not for `silence` seconds, is gone.

    Elsewhere it is gone when it was silent for longer than `patience`; here as soon as it has ended. One that is here
    but silent may only have slept with the whole machine: it is gone when somebody has stopped it, or when it hangs
    for very long. `observed` is for how many seconds the asker itself has seen no sign of life: the clock on the wall,
    which `silence` is of, may have been set or have gone on while the machine slept. None takes `silence` for it.
    """
    if is_elsewhere(process):
        return silence > patience
    seen = _see(process)
    hanging = silence if observed is None else observed
    return seen is None or (silence > patience and seen.is_stopped) or hanging > _HANGING * patience


def _see(process: ProcessIdentity) -> _Sight | None:
    """None where it has ended, also where another process has its pid by now."""
    seen = _look(process.pid)
    return seen if seen is not None and not seen.is_dead and _is_same_start(seen.started, process.started) else None


def _look(pid: int) -> _Sight | None:
    """Whatever process has this pid; None where none has."""
    if sys.platform != "linux":
        return _look_by_psutil(pid)
    fields = _stat(pid)
    if fields is None:
        return None
    return _Sight(f"{_epoch()}/{fields[19]}", is_stopped=fields[0] in "tT", is_dead=fields[0] in "ZX")


def _stat(pid: int) -> Sequence[str] | None:
    """The fields of proc(5)'s stat from the state on: the third, so that the 22nd, the start's ticks, is number 19."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()  # a program's name may hold blanks and brackets
    except (FileNotFoundError, ProcessLookupError):
        return None


def _look_by_psutil(pid: int) -> _Sight | None:
    import psutil  # noqa: PLC0415  # Linux does without, and `add` starts sooner

    try:
        process = psutil.Process(pid)
        status = str(process.status())
        started = f"{process.create_time():.2f}"
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        return _Sight("", is_stopped=False, is_dead=False)  # it is somebody else's, and there
    return _Sight(started, status == psutil.STATUS_STOPPED, status == psutil.STATUS_ZOMBIE)


@functools.cache
def _epoch() -> str:
    """What ticks are counted from: this boot, as this pid namespace sees it. "" where there are no ticks."""
    if sys.platform != "linux":
        return ""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot_id:
        return f"{boot_id.read().strip()}/{os.stat('/proc/self/ns/pid').st_ino}"


def _namespace(started: str) -> str | None:
    """The pid namespace in a text that begins with an epoch of this boot; None where it is of another, or has none."""
    boot, _, rest = started.partition("/")
    return rest.partition("/")[0] if rest and boot == _epoch().partition("/")[0] else None


def _is_same_start(one: str, other: str) -> bool:
    if not one or one == other:  # "": the system doesn't tell us
        return True
    try:
        return abs(float(one) - float(other)) < _SAME_START
    except ValueError:
        return False

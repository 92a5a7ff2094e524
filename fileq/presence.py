"""The presence of processes: which one this is, and whether another is still there. The one answer for all rooms.

A process is known by its machine, the boot that it belongs to, the kernel's own count of clock ticks at its start, and
its pid. Wall-clock times won't do: after a step of the clock, psutil reports another start for the same process. Nor do
names of hosts: several machines may have the same one.
"""

import functools
import hashlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import msgspec

_HANGING_FACTOR = 30
"""A process of this host that is there, and not stopped, is given up after its patience times this many."""

_MAX_UNSEEN = 6 * 3600.0

_MACHINE_ID_FILES = ("/etc/machine-id", "/var/lib/dbus/machine-id")
"""See machine-id(5). It is not to be shown: what is kept is a digest of it that is fileq's own."""

_START_TOLERANCE = 1.5
"""Seconds by which psutil's figure for a process's start wavers, where there are no ticks to compare."""


class _ProcessStatus(msgspec.Struct, frozen=True):
    """What the system says of a process now."""

    started: str
    is_stopped: bool
    is_dead: bool


class _Start(msgspec.Struct, frozen=True):
    """Where and when a process was started; each text is "" where that is not known.

    `moment` is in ticks since the boot, as the pid namespace sees them; without a boot in seconds since the epoch.
    """

    machine: str
    boot: str
    namespace: str
    moment: str


class ProcessIdentity(msgspec.Struct, frozen=True):
    """A process, which no later one is taken for. `started` is an opaque text that this module makes and compares."""

    host: str
    pid: int
    started: str


def hostname() -> str:
    """Return the name of this host."""
    if sys.platform == "win32":
        import socket  # noqa: PLC0415  # 4 ms that only Windows needs

        name = socket.gethostname()
    else:
        name = os.uname().nodename
    return name


def this_process() -> ProcessIdentity:
    """Return the identity of this process."""
    return identify(os.getpid())


def identify(pid: int) -> ProcessIdentity:
    """Return the identity of a process of this host. Raises ProcessLookupError."""
    status = _read_status(pid)
    if status is None:
        raise ProcessLookupError(f"There is no process {pid}.")
    return ProcessIdentity(hostname(), pid, status.started)


@functools.cache
def machine_name() -> str:
    """Return what tells this machine from all others that may share files: from its id, else by its host's name."""
    return _machine() or f"host {hostname()}"


def machine_of(process: ProcessIdentity) -> str:
    """Return what tells the machine of a process from others that have its host's name; "" where that is not known."""
    return _parse_start(process.started).machine


def current_boot() -> str:
    """Return what names this boot of this machine, as far as the system tells; "" where it doesn't."""
    return _epoch().rpartition("/")[0]


def is_elsewhere(process: ProcessIdentity) -> bool:
    """Return whether a process can't be seen from here: it is another host's, or in another container of this one."""
    start, here = _parse_start(process.started), _parse_start(_epoch() and f"{_epoch()}/")
    if process.host != hostname() or (start.machine and here.machine and start.machine != here.machine):
        return True
    if not start.boot or start.boot == here.boot:
        return start.namespace not in ("", here.namespace)
    # Another boot: of this machine, then it is over; or of another one of this name.
    return not (start.machine and here.machine)


def is_running(process: ProcessIdentity) -> bool:
    """Return whether a process that can be seen from here is there. A zombie is not."""
    return _find_process(process) is not None


def may_be_at_work(process: ProcessIdentity, seconds: float) -> bool:
    """Return whether a process may still do what it began `seconds` ago.

    One that can't be seen from here, and gives no sign of life, is taken to do so for six hours.
    """
    return seconds < _MAX_UNSEEN if is_elsewhere(process) else is_running(process)


def is_gone(process: ProcessIdentity, *, silence: float, patience: float, observed: float | None = None) -> bool:
    """Return whether a process is gone that should give signs of life, and has given none for `silence` seconds.

    Elsewhere it is gone when it was silent for longer than `patience`; here as soon as it has ended. One that is here
    but silent may only have slept with the whole machine: it is gone when somebody has stopped it, or when it hangs
    for very long. `observed` is for how many seconds the asker itself has seen no sign of life: the clock on the wall,
    which `silence` is of, may have been set or have gone on while the machine slept. None takes `silence` for it.
    """
    if is_elsewhere(process):
        return silence > patience
    status = _find_process(process)
    hanging = silence if observed is None else observed
    return status is None or (silence > patience and status.is_stopped) or hanging > _HANGING_FACTOR * patience


def _find_process(process: ProcessIdentity) -> _ProcessStatus | None:
    """Return a process's status; None where it has ended, also where another process has its pid by now."""
    status = _read_status(process.pid)
    if status is None or status.is_dead or not _is_same_start(status.started, process.started):
        return None
    return status


def _read_status(pid: int) -> _ProcessStatus | None:
    """Return the status of the process that has this pid; None where none has."""
    return _read_status_by_proc(pid) if sys.platform == "linux" else _read_status_by_psutil(pid)


def _read_status_by_proc(pid: int) -> _ProcessStatus | None:
    fields = _read_proc_stat(pid)
    if fields is None:
        return None
    return _ProcessStatus(f"{_epoch()}/{fields[19]}", is_stopped=fields[0] in "tT", is_dead=fields[0] in "ZX")


def _read_proc_stat(pid: int) -> Sequence[str] | None:
    """Return the fields of proc(5)'s stat from the state on, the third: the 22nd, the start's ticks, is number 19."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()  # a program's name may hold blanks and brackets
    except (FileNotFoundError, ProcessLookupError):
        return None


def _read_status_by_psutil(pid: int) -> _ProcessStatus | None:
    import psutil  # noqa: PLC0415  # Linux does without, and `add` starts sooner

    try:
        process = psutil.Process(pid)
        status = str(process.status())
        started = f"{process.create_time():.2f}"
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        return _ProcessStatus("", is_stopped=False, is_dead=False)  # it is somebody else's, and there
    return _ProcessStatus(started, status == psutil.STATUS_STOPPED, status == psutil.STATUS_ZOMBIE)


@functools.cache
def _epoch() -> str:
    """Return what ticks are counted from: this machine's boot, as this pid namespace sees it. "" where none are."""
    epoch = ""
    if sys.platform == "linux":
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot_id:
            epoch = f"{_machine()}/{boot_id.read().strip()}/{os.stat('/proc/self/ns/pid').st_ino}"
    return epoch


def _machine() -> str:
    """Return what tells this machine from all others; "" where it has no id, as in many containers."""
    for path in _MACHINE_ID_FILES:
        with suppress(OSError):
            with open(path, "rb") as machine_id:
                name = machine_id.read(64).strip()
            if name:
                return hashlib.blake2b(name, digest_size=6, person=b"fileq").hexdigest()
    return ""


def _parse_start(started: str) -> _Start:
    """Return the parts of a text as processes have it, or had it before machines were told apart."""
    parts = started.split("/")
    if len(parts) == 1:
        return _Start("", "", "", started)
    return _Start(*["", "", "", "", *parts][-4:])


def _is_same_start(one: str, other: str) -> bool:
    if not one or one == other:  # "": the system doesn't tell us
        return True
    first, second = _parse_start(one), _parse_start(other)
    if first.boot or second.boot:
        return (first.boot, first.namespace, first.moment) == (second.boot, second.namespace, second.moment)
    try:
        return abs(float(one) - float(other)) < _START_TOLERANCE
    except ValueError:
        return False

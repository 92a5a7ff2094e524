"""Ending processes with all that they have started."""

import os
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

KILL_TIMEOUT = 5.0
"""Seconds to wait for killed processes: those that hang in a drive that has gone end when it is back."""

_LOOK = 0.005


def kill_descendants(session: int) -> None:
    """Kill this process's descendants, and all of a session; return when none is left, at the latest after 5 s."""
    deadline = time.monotonic() + KILL_TIMEOUT
    while time.monotonic() < deadline:
        any_left, _ = reap_children()
        if sys.platform == "linux" and not any_left:
            return  # orphans come to us: without a child we have no descendant
        family = _family(session)
        if not family:
            return
        for pid in family:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_LOOK)


def kill_tree(root: "psutil.Process") -> None:
    """Kill a process's descendants, then itself, at the latest after 5 s. It need not run for that, nor answer.

    As long as a supervisor is there, be it stopped, what its family leaves behind becomes its child: it goes last.
    """
    import psutil

    deadline = time.monotonic() + KILL_TIMEOUT
    with suppress(psutil.Error):
        while (family := _alive_below(root)) and time.monotonic() < deadline:
            for process in family:
                with suppress(psutil.Error):
                    process.kill()
            time.sleep(_LOOK)
    with suppress(psutil.Error):
        root.kill()


def reap_children() -> tuple[bool, dict[int, int]]:
    """Return whether a child of this process is left, and the exit codes of those that have ended."""
    codes: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False, codes
        if pid == 0:
            return True, codes
        codes[pid] = os.waitstatus_to_exitcode(status)


def _alive_below(root: "psutil.Process") -> "list[psutil.Process]":
    import psutil

    alive = []
    for process in root.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                alive.append(process)
    return alive


def _family(session: int) -> set[int]:
    import psutil  # most programs leave nobody behind

    descendants = {one.pid for one in psutil.Process().children(recursive=True)}
    return descendants | {pid for pid in psutil.pids() if pid != os.getpid() and _session_of(pid) == session}


def _session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return -1

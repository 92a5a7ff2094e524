"""Reaping and killing what a process has started, or adopted."""

import os
import signal
import sys
import time
from contextlib import suppress

from fileq.operations.programs.process_tree import KILL_TIMEOUT, POLL_INTERVAL

assert sys.platform != "win32"  # for mypy: the rest is for systems that have sessions


def kill_descendants(session: int) -> None:
    """Kill this process's descendants, and all of a session; return when none is left, at the latest after 5 s."""
    deadline = time.monotonic() + KILL_TIMEOUT
    while time.monotonic() < deadline:
        any_left, _ = reap_children()
        if sys.platform == "linux" and not any_left:
            return  # orphans come to us: without a child we have no descendant
        family = _find_family(session)
        if not family:
            return
        for pid in family:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(POLL_INTERVAL)


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


def _find_family(session: int) -> set[int]:
    import psutil  # most programs leave nobody behind

    descendants = {one.pid for one in psutil.Process().children(recursive=True)}
    return descendants | {pid for pid in psutil.pids() if pid != os.getpid() and _session_of(pid) == session}


def _session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return -1

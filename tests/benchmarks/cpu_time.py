"""The processor time of a command with all that it starts, also where that is not its child and nobody waits for it.

A busy machine makes a command slower, but hardly changes that time.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PAUSE = 0.05  # s; what a process that nobody waits for uses in its last one isn't counted
_SESSION, _USER, _SYSTEM = 3, 11, 12  # fields of /proc/PID/stat behind the command's name (proc(5))
_TICKS = os.sysconf("SC_CLK_TCK")


def run_timed(command: Sequence[str], folder: Path) -> float:
    """Return the seconds that a command took on processors. Raises CalledProcessError."""
    seen: dict[str, int] = {}
    with (folder / "said").open("wb") as said:
        running = subprocess.Popen(command, cwd=folder, start_new_session=True, stdout=said, stderr=said)
        while not (ended := os.wait4(running.pid, os.WNOHANG))[0]:
            seen |= _ticks_of(running.pid)
            time.sleep(_PAUSE)
    _, status, usage = ended
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, command, (folder / "said").read_bytes())
    return max(usage.ru_utime + usage.ru_stime, sum(seen.values()) / _TICKS)


def _ticks_of(session: int) -> dict[str, int]:
    """Return the ticks that each process of a session has used, by its id."""
    used = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[_SESSION]) == session:
            used[path.parent.name] = int(fields[_USER]) + int(fields[_SYSTEM])
    return used

"""Whoever still has the other end of a connection open: after a killed child, the supervisor of its program."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress

import psutil

from fileq.operations.programs.families import end_tree


def end_holders(inode: int) -> None:
    """Kill the processes that have this socket open, with all that they have started. This one has another end.

    A supervisor may be stopped (SIGSTOP), and hears of nothing then. Elsewhere than on Linux nobody is found.
    """
    for process in list(_holders(f"socket:[{inode}]")):
        end_tree(process)


def _holders(socket: str) -> Iterator[psutil.Process]:
    pids = psutil.pids() if sys.platform == "linux" else []
    for pid in pids:
        with suppress(OSError, psutil.Error):  # it has ended, or is somebody else's
            folder = f"/proc/{pid}/fd"
            if pid != os.getpid() and any(_leads_to(f"{folder}/{name}", socket) for name in os.listdir(folder)):
                yield psutil.Process(pid)


def _leads_to(link: str, target: str) -> bool:
    try:
        return os.readlink(link) == target
    except OSError:  # closed meanwhile
        return False

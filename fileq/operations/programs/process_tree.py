"""Killing a process of any kind with all that it has started."""

import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

KILL_TIMEOUT = 5.0
"""Seconds to wait for killed processes: those that hang in a drive that has gone end when it is back."""

POLL_INTERVAL = 0.005
"""Seconds between two looks at what is left."""


def kill_tree(root: "psutil.Process") -> None:
    """Kill a process's descendants, then itself, at the latest after 5 s. It need not run for that, nor answer.

    As long as a supervisor is there, be it stopped, what its family leaves behind becomes its child: it goes last.
    """
    import psutil

    deadline = time.monotonic() + KILL_TIMEOUT
    with suppress(psutil.Error):
        while (alive := _find_alive_descendants(root)) and time.monotonic() < deadline:
            for process in alive:
                with suppress(psutil.Error):
                    process.kill()
            time.sleep(POLL_INTERVAL)
    with suppress(psutil.Error):
        root.kill()


def _find_alive_descendants(root: "psutil.Process") -> "list[psutil.Process]":
    import psutil

    alive = []
    for process in root.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                alive.append(process)
    return alive

"""Where children come from: a server process that has imported what they need, and forks.

This module is imported before any other, and imports next to nothing of fileq.
"""

import multiprocessing
import os
import signal
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext

from fileq.safe_path import exclude_working_folder

exclude_working_folder()
context = multiprocessing.get_context("forkserver" if hasattr(signal, "pthread_sigmask") else "spawn")

NOT_FOR_CHILDREN = (signal.SIGINT, signal.SIGTERM)
"""A Ctrl-C or a service manager's SIGTERM goes to the whole group; what ends a child is its slot's business."""


_PIPES = 5
"""As many handles as it takes to start a child, or the server, and some."""


def need_handles() -> None:
    """Raise OSError (EMFILE) now, where so few are left that a start would fail.

    It would fail halfway: the server doesn't survive that, with a traceback, nor Python's own clearing up at exit.
    """
    handles: list[int] = []
    try:
        for _ in range(_PIPES):
            handles += os.pipe()
    finally:
        for handle in handles:
            os.close(handle)


def prepare() -> None:
    """Have the server import what children need, while this process goes on; at once where it runs already."""
    if isinstance(context, ForkServerContext):
        need_handles()
        context.set_forkserver_preload(["fileq.process.child", "fileq.images.pipeline"])
        resource_tracker.ensure_running()  # here, as it lets signals in again
        before = signal.pthread_sigmask(signal.SIG_BLOCK, NOT_FOR_CHILDREN)  # the server inherits it
        forkserver.ensure_running()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

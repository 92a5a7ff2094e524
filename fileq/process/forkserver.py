"""Where children come from: a server process that has imported what they need, and forks.

This module is imported before any other, and imports next to nothing of fileq.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from multiprocessing import connection, forkserver, resource_tracker, spawn
from multiprocessing.process import BaseProcess
from typing import Any

from fileq.process.fork_safety import tell_of_forks
from fileq.process.thread import BoundedStartThread
from fileq.safe_path import exclude_working_folder

exclude_working_folder()

if sys.platform == "win32":
    context = multiprocessing.get_context("spawn")
    Connection = connection.PipeConnection
else:
    context = multiprocessing.get_context("forkserver")
    Connection = connection.Connection
"""Where processes come from, and an end of one of its pipes."""

OUR_NAMES = "fileq-"
"""How the names of our processes begin."""

_describe_parent = spawn.get_preparation_data


def _describe_without_main(name: str) -> dict[str, Any]:
    """Return what a new process is to be told of this one: ours not which script that runs.

    A child imports that script else, and a program that has fileq do its jobs would run once more in each of them.
    """
    told = _describe_parent(name)
    if name.startswith(OUR_NAMES):
        told = {key: value for key, value in told.items() if not key.startswith("init_main_from_")}
    return told


spawn.get_preparation_data = _describe_without_main

NOT_FOR_CHILDREN = (signal.SIGINT, signal.SIGTERM)
"""A Ctrl-C or a service manager's SIGTERM goes to the whole group; what ends a child is its slot's business."""


_LOOK = 0.5
_STOPPED_LOOKS = 10
"""Seconds between two looks at a server that does not answer, and how many in a row must find it stopped."""

_HANGING = 120.0
"""Seconds after which a server that is not stopped is given up too: long, as a start under heavy load may take many."""

_DYING, _DEATH_LOOK = 5.0, 0.005
"""Seconds that a killed server has to be dead, and between two looks whether it is."""

_PIPES = 5
"""As many handles as it takes to start a child, or the server, and some."""


def check_free_handles() -> None:
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
    if sys.platform != "win32":
        check_free_handles()
        tell_of_forks(_server_of_parent)
        context.set_forkserver_preload(["fileq.process.preload"])
        resource_tracker.ensure_running()  # here, as it lets signals in again
        before = signal.pthread_sigmask(signal.SIG_BLOCK, NOT_FOR_CHILDREN)  # the server inherits it
        forkserver.ensure_running()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _ServerOfParent:
    """The server that this process has where it was forked from one that has started it: it is no child of ours."""

    def before_fork(self) -> None:
        """Do nothing: the server is the parent's."""

    def after_fork(self, *, in_child: bool) -> None:
        """Leave it to the parent: it would outlive that as long as this child has its pipe."""
        server: Any = getattr(forkserver, "_forkserver", None)
        if in_child and server is not None and server._forkserver_alive_fd is not None:  # noqa: SLF001  # no other way
            os.close(server._forkserver_alive_fd)  # noqa: SLF001
            server._forkserver_address = server._forkserver_alive_fd = server._forkserver_pid = None  # noqa: SLF001


_server_of_parent = _ServerOfParent()


def start(process: BaseProcess) -> None:
    """Start a process of `context`. A server that does not answer is ended, and another asked, as for a dead one.

    Raises OSError or EOFError where none can be started.
    """
    watch = _ServerWatch()
    try:
        with watch:
            process.start()
    except (OSError, EOFError) as error:
        is_dead = isinstance(error, (ConnectionError, EOFError)) and _is_dead_soon(_server_pid())
        if not (is_dead or watch.has_ended_server()):
            raise
        prepare()
        process.start()


def join(process: BaseProcess, seconds: float) -> None:
    """Wait so long for the end of a process that was killed. Only its server sees that: a stopped one is ended."""
    process.join(seconds)
    if process.exitcode is None and _is_stopped(_server_pid()):
        _end_server()
        process.join(seconds)


class _ServerWatch:
    """Ends the server where it is stopped, or answers for very long nothing, while the block waits for its answer."""

    def __init__(self) -> None:
        self._has_ended_it = False
        self._is_over = threading.Event()
        self._thread = BoundedStartThread(target=self._watch, name="fileq-forkserver")

    def has_ended_server(self) -> bool:
        """Whether it has, once the block is over. Then another one can be started."""
        if self._thread.ident is not None:
            self._thread.join()
        return self._has_ended_it

    def __enter__(self) -> None:
        with suppress(RuntimeError, MemoryError):  # there is no thread left to watch: that is another trouble
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._is_over.set()

    def _watch(self) -> None:
        stopped = 0  # looks in a row: who is woken with the server, after a Ctrl-Z, may look before it runs again
        hangs_at = time.monotonic() + _HANGING
        while not self._is_over.wait(_LOOK):
            stopped = stopped + 1 if _is_stopped(_server_pid()) else 0
            if stopped >= _STOPPED_LOOKS or time.monotonic() > hangs_at:
                self._has_ended_it = True
                _end_server()
                return


def _server_pid() -> int | None:
    """The server's pid; None where there is none, as with `spawn`."""
    server = getattr(forkserver, "_forkserver", None)
    return getattr(server, "_forkserver_pid", None)


def _is_stopped(pid: int | None) -> bool:
    import psutil  # noqa: PLC0415  # 10 ms that only this needs

    try:
        return pid is not None and psutil.Process(pid).status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
    except psutil.Error:
        return False


def _end_server() -> None:
    """Whoever waits for it sees its end; its children work on, and the next start makes another server.

    Its pipes end before it does, and as long as it can't be waited for, multiprocessing takes it for alive.
    """
    import psutil  # noqa: PLC0415  # the same

    pid = _server_pid()
    if sys.platform != "win32" and pid is not None:
        with suppress(psutil.Error, ProcessLookupError):  # until it was waited for, nobody else has its pid
            os.kill(pid, signal.SIGKILL)
            _is_dead_soon(pid)


def _is_dead_soon(pid: int | None) -> bool:
    """Wait a moment for the end of a server whose pipes have ended; return whether it has."""
    import psutil  # noqa: PLC0415  # the same

    deadline = time.monotonic() + _DYING
    with suppress(psutil.Error):
        while pid is not None and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                return False
            time.sleep(_DEATH_LOOK)
    return True

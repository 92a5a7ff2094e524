"""A small process between fileq and a program that it runs: whatever ends, nothing that the program started stays.

A program's own children are not ended with it by any system, and those of a killed parent least of all. The supervisor
has a session of its own, so that no kill of fileq's process group reaches it; it adopts what the program's children
leave behind (PR_SET_CHILD_SUBREAPER, Linux), also what made itself a daemon with a session of its own. It ends the
whole family when the program has ended, and when the process that asked for it has: a pipe tells it.

A fork costs 2.3 ms in a child with Pillow and all codecs (`true` took 4.0 ms without it), a new Python would take 15.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, NoReturn

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36

_PATIENCE = 5.0
"""Seconds to wait for killed processes: those that hang in a drive that has gone end when it is back."""

_LOOK = 0.005
_HEARD_ELSEWHERE = (signal.SIGINT, signal.SIGTERM)


class Supervisor:
    """Runs one program. To be made in a process with one thread, which it forks."""

    def __init__(self, argv: Sequence[str], stdin: IO[bytes], stderr: int, environ: Mapping[str, str] | None) -> None:
        """`stderr` is the descriptor that the program writes to."""
        _adopt_orphans()  # should the supervisor itself be killed, its family is ours
        lifeline, self._lifeline = os.pipe()
        self._report, report = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._lifeline)  # who has this one is who must live
            os.close(self._report)
            _supervise(argv, stdin, stderr, environ, lifeline, report)
        os.close(lifeline)
        os.close(report)

    @property
    def report(self) -> int:
        """The descriptor that is ready to be read when all is over."""
        return self._report

    def end(self) -> None:
        """Have the program ended now, and all that it started."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def result(self) -> int:
        """Wait until nothing is left of the program; return its exit code, negative for a signal.

        Raises OSError where it could not be started.
        """
        with os.fdopen(self._report, "rb") as report:
            words = report.read().split()
        self.end()
        os.waitpid(self.pid, 0)
        if not words:  # somebody has killed it
            end_family(os.getpid())
            os.kill(os.getpid(), signal.SIGKILL)  # and means us: an attempt that was ended from outside
        error, code = map(int, words)
        if error:
            raise OSError(error, os.strerror(error))
        return code


def _supervise(
    argv: Sequence[str], stdin: IO[bytes], stderr: int, environ: Mapping[str, str] | None, lifeline: int, report: int
) -> NoReturn:
    """In the new process. It keeps its parent's connections open, so that nobody thinks it over before it is."""
    try:
        os.setsid()
        for number in (*_HEARD_ELSEWHERE, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        _adopt_orphans()
        os.write(report, b"%d %d" % _run(argv, stdin, stderr, environ, lifeline))
    finally:
        os._exit(0)


def _run(
    argv: Sequence[str], stdin: IO[bytes], stderr: int, environ: Mapping[str, str] | None, lifeline: int
) -> tuple[int, int]:
    """The error number of a program that can't be started, or 0, and its exit code."""
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    try:
        process = subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=environ,
            start_new_session=True,
            preexec_fn=_listen_again,  # noqa: PLW1509  # one thread runs here
        )
    except OSError as error:
        return error.errno or -1, 0
    os.close(stderr)
    code = None
    while code is None and lifeline not in select.select([lifeline, woken], [], [])[0]:
        os.read(woken, 4096)
        _, codes = _reap()
        code = codes.get(process.pid)
    with suppress(ProcessLookupError, PermissionError):  # nobody is left, or, as macOS says it, only the dead
        os.killpg(process.pid, signal.SIGKILL)
    end_family(process.pid)
    return 0, -signal.SIGKILL if code is None else code


def _listen_again() -> None:
    """In the program's process: hear signals again, and die with the supervisor (prctl(2))."""
    for number in (*_HEARD_ELSEWHERE, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_family(session: int) -> None:
    """Kill this process's descendants, and all of a session; return when none is left, at the latest after 5 s."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        any_left, _ = _reap()
        if sys.platform == "linux" and not any_left:
            return  # orphans come to us: without a child we have no descendant
        family = _family(session)
        if not family:
            return
        for pid in family:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_LOOK)


def _reap() -> tuple[bool, dict[int, int]]:
    """Whether a child is left, and the exit codes of those that have ended."""
    codes: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False, codes
        if pid == 0:
            return True, codes
        codes[pid] = os.waitstatus_to_exitcode(status)


def _family(session: int) -> set[int]:
    import psutil  # most programs leave nobody behind

    descendants = {one.pid for one in psutil.Process().children(recursive=True)}
    return descendants | {pid for pid in psutil.pids() if pid != os.getpid() and _session_of(pid) == session}


def _session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return -1

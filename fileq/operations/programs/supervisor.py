"""A small process between fileq and a program that it runs: whatever ends, nothing that the program started stays.

A program's own children are not ended with it by any system, and those of a killed parent least of all. The supervisor
has a session of its own, so that no kill of fileq's process group reaches it; it adopts what the program's children
leave behind (PR_SET_CHILD_SUBREAPER, Linux), also what made itself a daemon with a session of its own. It ends the
whole family when the program has ended, and when the process that asked for it has: a pipe tells it. Where somebody
stops it (SIGSTOP), it is woken for that; where it ends nobody even so, who asked for it does, and ends it too.

A fork costs 2.3 ms in a child with Pillow and all codecs (`true` took 4.0 ms without it), a new Python would take 15.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, NoReturn

from fileq.operations.programs.process_tree import kill_tree

if sys.platform != "win32":
    from fileq.operations.programs.descendants import kill_descendants, reap_children

assert sys.platform != "win32"  # for mypy: the rest is for systems that fork

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36

_IGNORED_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Supervisor:
    """Runs one program. To be made in a process with one thread, which it forks."""

    def __init__(self, argv: Sequence[str], stdin: IO[bytes], stderr: int, environ: Mapping[str, str] | None) -> None:
        """`stderr` is the descriptor that the program writes to."""
        _adopt_orphans()  # should the supervisor itself be killed, its family is ours
        lifeline, self._lifeline = os.pipe()
        self._report, report = os.pipe()
        self._killed = False
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
            os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End the program, all that it started, and the supervisor, which can't where somebody stops it for ever."""
        import psutil

        kill_tree(psutil.Process(self.pid))
        self._killed = True

    def result(self) -> int:
        """Return the program's exit code, negative for a signal. To be asked when the report is ready, or after a kill.

        Raises OSError where it could not be started.
        """
        self.end()
        words = b"" if self._killed else os.read(self._report, 64)
        os.close(self._report)
        os.kill(self.pid, signal.SIGKILL)  # it has nothing more to do; were it stopped now, we would wait for ever
        os.waitpid(self.pid, 0)
        if not words:  # somebody has killed it
            kill_descendants(self.pid)
            if not self._killed:
                os.kill(os.getpid(), signal.SIGKILL)  # and means us: an attempt that was ended from outside
            return -signal.SIGKILL
        error, code = map(int, words.split())
        if error:
            raise OSError(error, os.strerror(error))
        return code


def _supervise(
    argv: Sequence[str], stdin: IO[bytes], stderr: int, environ: Mapping[str, str] | None, lifeline: int, report: int
) -> NoReturn:
    """Run the program in the new process, and end that.

    It keeps its parent's connections open, so that nobody takes the attempt for ended before it is.
    """
    try:
        os.setsid()
        for number in (*_IGNORED_SIGNALS, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        _adopt_orphans()
        _set_parent_death_signal(signal.SIGCONT)
        os.write(report, b"%d %d" % _run(argv, stdin, stderr, environ, lifeline))
    finally:
        os._exit(0)


def _run(
    argv: Sequence[str], stdin: IO[bytes], stderr: int, environ: Mapping[str, str] | None, lifeline: int
) -> tuple[int, int]:
    """Run the program; return the error number of one that can't be started, or 0, and its exit code."""
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
            preexec_fn=_restore_signals,  # noqa: PLW1509  # one thread runs here
        )
    except OSError as error:
        return error.errno or -1, 0
    os.close(stderr)
    code = None
    while code is None and lifeline not in select.select([lifeline, woken], [], [])[0]:
        os.read(woken, 4096)
        _, codes = reap_children()
        code = codes.get(process.pid)
    with suppress(ProcessLookupError, PermissionError):  # nobody is left, or, as macOS says it, only the dead
        os.killpg(process.pid, signal.SIGKILL)
    kill_descendants(process.pid)
    return 0, -signal.SIGKILL if code is None else code


def _restore_signals() -> None:
    """Have the program's process hear signals again, and die with the supervisor (prctl(2))."""
    for number in (*_IGNORED_SIGNALS, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    _set_parent_death_signal(signal.SIGKILL)


def _set_parent_death_signal(number: signal.Signals) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)

"""External programs, run to their end or to their time limit, so that nothing of them is left."""

import math
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO

from fileq.errors import ErrorKind, JobError, find_shortage
from fileq.operations.programs.process_tree import KILL_TIMEOUT
from fileq.safe_path import environment_without_safe_path

if sys.platform != "win32":
    from fileq.operations.programs.supervisor import Supervisor

STDERR_TAIL = 1000  # bytes of what a program complained about: its last lines say why

_GRACE = KILL_TIMEOUT + 1.0
"""Seconds that a supervisor has to end a program; then it is ended itself."""

_KILLED = -9  # SIGKILL, which Windows doesn't have

OUTPUT_VARIABLE = "FILEQ_OUTPUT"
"""Says in a program's environment what it was to write. By it whoever carries on knows what a dead worker ran."""


def run_program(
    argv: Sequence[str], timeout: float | None, *, stdin: bytes = b"", environ: Mapping[str, str] | None = None
) -> str:
    """Run a program, and return the end of what it said on stderr. `timeout` is in seconds; no shell is involved.

    Raises JobError where it can't be started, fails, or takes too long. Whatever it started is ended with it.
    """
    with tempfile.TemporaryFile() as file:  # a pipe would wait for a program that doesn't read
        file.write(stdin)
        file.seek(0)
        try:
            code, said = _run(argv, timeout, file, environment_without_safe_path(environ or os.environ))
        except FileNotFoundError as error:
            message = f"The program {argv[0]} was not found."
            raise JobError(ErrorKind.COMMAND, message, "Install it, or write its full path.") from error
        except OSError as error:
            if lack := find_shortage(error):
                raise lack from error
            message = f"The program {argv[0]} can't be run: {error.strerror}."
            raise JobError(ErrorKind.COMMAND, message, "Check that it is a program.") from error
    if code is None:
        message = f"{argv[0]} took longer than {timeout:g} s."
        raise JobError(ErrorKind.TIMEOUT, message, "Give the command a longer timeout.")
    if code != 0:
        message = f"{argv[0]} {_describe_exit(code)}{f': {said}' if said else '.'}"
        if code == _KILLED:  # nobody but the system, for want of memory, or a worker that took ours for dead
            raise JobError(ErrorKind.CRASHED, message, "Is there enough memory? Then run it by hand to see more.")
        raise JobError(ErrorKind.COMMAND, message, "Run it by hand to see more.")
    return said


def _describe_exit(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"failed with exit code {code}"


if sys.platform == "win32":

    def _run(
        argv: Sequence[str], timeout: float | None, stdin: IO[bytes], environ: Mapping[str, str] | None
    ) -> tuple[int | None, str]:
        with tempfile.TemporaryFile() as stderr:
            process = subprocess.Popen(argv, stdin=stdin, stdout=subprocess.DEVNULL, stderr=stderr, env=environ)
            code = None
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(timeout)
            subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
            process.wait()
            stderr.seek(max(0, stderr.seek(0, os.SEEK_END) - STDERR_TAIL))
            return code, _decode_tail(stderr.read())

else:

    def _run(
        argv: Sequence[str], timeout: float | None, stdin: IO[bytes], environ: Mapping[str, str] | None
    ) -> tuple[int | None, str]:
        """Return the exit code, None where it took too long, and the end of what was said on stderr. Raises OSError."""
        stderr, writes = os.pipe()
        try:
            supervisor = Supervisor(argv, stdin, writes, environ)
        except BaseException:
            os.close(stderr)
            raise
        finally:
            os.close(writes)
        try:
            tail, in_time = _read_stderr(stderr, supervisor, timeout)
            code = supervisor.result()
        finally:
            supervisor.end()
            os.close(stderr)
        return code if in_time else None, _decode_tail(tail)

    def _read_stderr(stderr: int, supervisor: Supervisor, timeout: float | None) -> tuple[bytes, bool]:
        """Read what a program says all along, so that it never waits for us, and return its tail when all is over.

        Also whether that was in time; where it is not, the program is ended, whatever it does against that.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        tail, in_time = b"", True
        open_ = [stderr, supervisor.report]
        while supervisor.report in open_:
            left = deadline - time.monotonic()
            if left <= 0:  # looked at first: there may always be something to read
                if not in_time:
                    supervisor.kill()
                    break
                in_time, deadline = False, time.monotonic() + _GRACE
                supervisor.end()
                continue
            ready = select.select(open_, [], [], None if left == math.inf else left)[0]
            if stderr in ready:
                chunk = os.read(stderr, 65536)
                tail = (tail + chunk)[-STDERR_TAIL:]
                if not chunk:
                    open_.remove(stderr)
            elif ready:  # nobody is left to say more
                open_.remove(supervisor.report)
        return tail, in_time


def _decode_tail(tail: bytes) -> str:
    return tail.decode(errors="replace").strip()

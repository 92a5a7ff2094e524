"""Running an external program to its end, or to its time limit, so that nothing of it is left."""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Thread
from typing import IO

from fileq.errors import ErrorKind, JobError

_PR_SET_PDEATHSIG = 1
TAIL = 1000  # bytes of what a program complained about: its last lines say why


def run(
    argv: Sequence[str], timeout: float | None, *, stdin: bytes = b"", environ: Mapping[str, str] | None = None
) -> str:
    """What the program said on stderr, its end. `timeout` is in seconds; no shell is involved.

    Raises JobError where it can't be started, fails, or takes too long. Whatever it started is ended with it.
    """
    with tempfile.TemporaryFile() as file:  # a pipe would wait for a program that doesn't read
        file.write(stdin)
        file.seek(0)
        process = _started(argv, file, environ)
    complaint = _Complaint(process)
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired as error:
        message = f"{argv[0]} took longer than {timeout:g} s."
        raise JobError(ErrorKind.TIMEOUT, message, "Give the command a longer timeout.") from error
    finally:
        _end_group(process)
        said = complaint.tail()
    if code != 0:
        message = f"{argv[0]} {_ended(code)}{f': {said}' if said else '.'}"
        raise JobError(ErrorKind.COMMAND, message, "Run it by hand to see more.")
    return said


def _started(argv: Sequence[str], stdin: IO[bytes], environ: Mapping[str, str] | None) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environ,
            start_new_session=True,
            preexec_fn=_die_with_fileq if sys.platform == "linux" else None,  # noqa: PLW1509  # one thread runs here
        )
    except FileNotFoundError as error:
        message = f"The program {argv[0]} was not found."
        raise JobError(ErrorKind.COMMAND, message, "Install it, or write its full path.") from error
    except OSError as error:
        message = f"The program {argv[0]} can't be run: {error.strerror}."
        raise JobError(ErrorKind.COMMAND, message, "Check that it is a program.") from error


def _die_with_fileq() -> None:
    """In the new process: listen to signals again, and have the kernel end it when its parent is killed (prctl(2))."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class _Complaint:
    """The end of what a program writes to stderr: read all along, so that it never waits for us."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        self._tail = b""
        self._thread = Thread(target=self._read, args=(process.stderr,), daemon=True)
        self._thread.start()

    def _read(self, stderr: IO[bytes]) -> None:
        with stderr:
            while chunk := os.read(stderr.fileno(), 65536):
                self._tail = (self._tail + chunk)[-TAIL:]

    def tail(self) -> str:
        """Once the program's group is dead nobody writes any more, unless someone has left the group."""
        self._thread.join(timeout=1)
        return self._tail.decode(errors="replace").strip()


def _ended(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"failed with exit code {code}"


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """The program and all that it started, also where it has ended itself and left others behind."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        # Nobody is left, or, as macOS says it, only the dead. The number is not another's yet: they go in turn.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()

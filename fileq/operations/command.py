"""An external program as a step: ffmpeg, exiftool, oxipng and the like."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from threading import Thread
from typing import IO, ClassVar

from fileq.errors import ErrorKind, JobError
from fileq.operations.base import Operation
from fileq.units import Duration

_TAIL = 1000  # bytes of what a program complained about: its last lines say why
_PLACE = re.compile(r"\{(source|output)\}")


class Command(Operation, frozen=True, kw_only=True):
    """Runs a program on the file. It is a recipe's only step, or the last step of an output.

    argv: the program and its arguments, a list; {source} is the file to read, {output} the one to write
    timeout: how long it may take, "30s" (as long as the job may)

    No shell is involved: write every argument as one text, without quoting.

    { op = "command", argv = ["oxipng", "-o", "4", "{source}", "--out", "{output}"], timeout = "2m" }
    """

    works_on_files: ClassVar[bool] = True

    argv: tuple[str, ...]
    timeout: Duration | None = None

    def __post_init__(self) -> None:
        if not self.argv or not self.argv[0]:
            raise ValueError('argv needs a program, like ["oxipng", "{source}", "--out", "{output}"]')
        arguments = " ".join(self.argv[1:])
        for place in ("{source}", "{output}"):
            if place not in arguments:
                raise ValueError(f"argv needs {place} among its arguments; fileq puts the path there")
        if any("\0" in argument for argument in self.argv):
            raise ValueError("argv can't hold a NUL character")
        if self.timeout is not None and self.timeout <= 0:
            raise ValueError('timeout is longer than nothing, like "30s"')

    def run(self, source: str, output: str) -> None:
        """Let the program make `output` of `source`, both paths. Raises JobError where it doesn't."""
        process = self._started(source, output)
        complaint = _Complaint(process)
        try:
            code = process.wait(self.timeout)
        except subprocess.TimeoutExpired as error:
            message = f"{self.argv[0]} took longer than {self.timeout}."
            raise JobError(ErrorKind.TIMEOUT, message, "Give the command a longer timeout.") from error
        finally:
            _kill_group(process)
            said = complaint.tail()
        if code != 0:
            raise JobError(ErrorKind.COMMAND, f"{self.argv[0]} {_ended(code)}{said}", "Run it by hand to see more.")
        if not os.path.exists(output) or os.path.getsize(output) == 0:
            raise JobError(ErrorKind.COMMAND, f"{self.argv[0]} made no output{said}", "Check its argv in the recipe.")

    def _started(self, source: str, output: str) -> subprocess.Popen[bytes]:
        paths = {"source": source, "output": output}
        # In one pass, so that a path that contains "{output}" stays as it is.
        argv = [_PLACE.sub(lambda match: paths[match[1]], argument) for argument in self.argv]
        try:
            return subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise self._not_started("was not found", "Install it, or write its full path.") from error
        except OSError as error:
            raise self._not_started(f"can't be run: {error.strerror}", "Check that it is a program.") from error

    def _not_started(self, why: str, hint: str) -> JobError:
        return JobError(ErrorKind.COMMAND, f"The program {self.argv[0]} {why}.", hint)


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
                self._tail = (self._tail + chunk)[-_TAIL:]

    def tail(self) -> str:
        """As the end of a sentence. Once the program's group is dead, so is the pipe, unless someone left the group."""
        self._thread.join(timeout=1)
        text = self._tail.decode(errors="replace").strip()
        return f": {text}" if text else "."


def _ended(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"failed with exit code {code}"


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """The program and all that it started, also where it has ended itself and left others behind."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        with suppress(ProcessLookupError):  # nobody is left
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()

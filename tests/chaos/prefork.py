"""Commands at which nothing strikes, forked from a process that has imported fileq: that saves half of a try's time.

The commands that are struck are started as users start them.
"""

import atexit
import importlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

_COMMANDS = ("add", "clean", "doctor", "list", "retry", "run", "wait", "watch", "worker")


class ForkedCommand:
    """One command, as subprocess.Popen shows it. A server runs one at a time."""

    def __init__(self, server: "Prefork", pid: int) -> None:
        self.pid = pid
        self._server = server
        self._code: int | None = None

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code; below 0 is a signal's number. Raises TimeoutExpired."""
        if self._code is None:
            self._code = self._server.read(timeout)["code"]
        return int(self._code or 0)

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, 15)


class Prefork:
    """The process that forks, with a pipe to it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.prefork"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )

    def close(self) -> None:
        """End the server, which goes on as long as its input is open."""
        self._process.communicate()

    def start(self, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> ForkedCommand:
        """Start a command in a process group of its own. What it says goes to the files stdout and stderr in `cwd`."""
        order = {"arguments": list(arguments), "cwd": str(cwd), "environment": dict(environment)}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return ForkedCommand(self, self.read(None)["pid"])

    def read(self, timeout: float | None) -> dict[str, int]:
        stdout = self._process.stdout
        assert stdout is not None
        if not select.select([stdout], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("fileq", timeout or 0)
        answer: dict[str, int] = json.loads(stdout.readline())
        return answer


@cache
def prefork() -> Prefork:
    """Return this process's own."""
    server = Prefork()
    atexit.register(server.close)
    return server


def _serve() -> None:
    entry = importlib.import_module("fileq.__main__")
    command_module = importlib.import_module("fileq.cli.app").command_module
    for name in _COMMANDS:
        importlib.import_module(command_module(name))
    importlib.import_module("fileq.worker.worker")
    sys.modules["__main__"] = entry  # a worker's children import it once more, as with `python -m fileq`
    for line in sys.stdin.buffer:
        order = json.loads(line)
        if (pid := os.fork()) == 0:
            _become(order)
            entry.main()
        _answer(pid=pid)
        _, status = os.waitpid(pid, 0)
        _answer(code=os.waitstatus_to_exitcode(status))


def _become(order: dict[str, Any]) -> None:
    os.setsid()
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["environment"])
    for number, name in enumerate((os.devnull, "stdout", "stderr")):
        handle = os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, number)
        os.close(handle)
    sys.argv = ["fileq", *order["arguments"]]


def _answer(**numbers: int) -> None:
    os.write(1, json.dumps(numbers).encode() + b"\n")


if __name__ == "__main__":
    _serve()

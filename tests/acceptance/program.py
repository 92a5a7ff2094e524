"""The real command, as a user calls it: in a process of its own, with a database and a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.postgres import ask_server

PATIENCE = 120.0
"""Seconds after which something that should have happened is said not to: far more than it takes."""


@dataclass(frozen=True)
class Answer:
    code: int
    stdout: str
    stderr: str


class Program:
    def __init__(self, folder: Path, server: str | None = None) -> None:
        """`server` is the address of a schema of PostgreSQL's, where the ledger is not to be a file."""
        self.folder = folder
        self.database = folder / "ledger.db"
        self.server = server
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FILEQ_", "XDG_"))}
        self.environment = kept | {
            "FILEQ_DATABASE": server or str(self.database),
            "HOME": str(folder),
            "PYTHONWARNINGS": "default",
            "NO_COLOR": "1",
        }

    def keep_in_file(self) -> None:
        """Have the ledger in a file after all: who lacks root's rights can't reach the socket of the tests' server."""
        self.server = None
        self.environment["FILEQ_DATABASE"] = str(self.database)

    def configure(self, text: str) -> Path:
        path = self.folder / "fileq.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def trust(self, text: str) -> Path:
        """Configure, and trust it: programs, notices and a database count."""
        path = self.configure(text)
        self.run("trust")
        return path

    def start(self, *arguments: str | Path | bytes, **options: Any) -> subprocess.Popen[bytes]:
        """The command in a process group of its own."""
        return subprocess.Popen(
            [*options.pop("wrapper", ()), sys.executable, "-m", "fileq", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=options.pop("stderr", subprocess.PIPE),
            start_new_session=True,
            **options,
        )

    def run(self, *arguments: str | Path | bytes, expect: int = 0, **options: Any) -> Answer:
        """The command from start to end; a failing test shows what it said."""
        process = self.start(*arguments, **options)
        try:
            stdout, stderr = process.communicate(timeout=PATIENCE)
        finally:
            kill_group(process)
        answer = Answer(process.returncode, _text(stdout), _text(stderr))
        assert answer.code == expect, answer
        assert "Traceback" not in answer.stderr, answer
        return answer

    def json(self, *arguments: str | Path | bytes, expect: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", expect=expect).stdout)

    @contextmanager
    def worker(self, *arguments: str, stderr: Any = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
        """A worker that is there while the block runs."""
        process = self.start("worker", *arguments, stdout=subprocess.DEVNULL, stderr=stderr)
        try:
            self.wait_until(lambda: process.pid in self.worker_pids() or process.poll() is not None)
            yield process
        finally:
            kill_group(process)

    def worker_pids(self) -> list[int]:
        return [pid for (pid,) in self.ask("select pid from workers")]

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Straight from the database: what the ledger really holds. Nothing where it is not made yet."""
        if self.server is not None:
            return ask_server(self.server, query, values)
        if not self.database.exists():
            return []
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as connection:
            try:
                return connection.execute(query, values).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise

    def pretend(self, statement: str, *values: object) -> None:
        """Change the ledger behind everybody's back: what was a moment ago was long ago."""
        if self.server is not None:
            ask_server(self.server, statement, values)
            return
        with closing(sqlite3.connect(self.database, timeout=30)) as connection, connection:
            connection.execute(statement, values)

    def states(self) -> dict[str, int]:
        return dict(self.ask("select state, count(*) from jobs group by state"))

    def wait_until(self, condition: Callable[[], object]) -> None:
        wait_until(condition)


def wait_until(condition: Callable[..., object]) -> None:
    """Look again and again, and complain when it has not come true for very long.

    It is asked without arguments; a lambda in a loop has what it is about as defaults.
    """
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """kill -9 the command and everything it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _text(output: bytes | None) -> str:
    return (output or b"").decode("utf-8", "surrogateescape")


def files(folder: Path) -> list[str]:
    """The names of all files below a folder, hidden ones too."""
    return sorted(
        os.path.relpath(os.path.join(where, name), folder) for where, _, names in os.walk(folder) for name in names
    )

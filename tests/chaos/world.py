"""A small world for one scenario: its folders and pictures, its database, and the real commands in it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.chaos.prefork import ForkedCommand, prefork
from tests.chaos.scenarios import Command, Scenario
from tests.support.photos import photo

Process = subprocess.Popen[bytes] | ForkedCommand

LIMIT = 90.0
"""Seconds after which a command hangs: far more than it takes."""

WATCHING = 6.0
"""Seconds after which a watcher is stopped that has work left."""

MARK = "FILEQ_CHAOS_WORLD"
"""All processes of a world have it in their environment."""

BROKEN = "broken.jpg"


@dataclass(frozen=True)
class Ended:
    """How a command has ended. `code` is None where it hung and was killed."""

    command: Command
    code: int | None
    stdout: str
    stderr: str


class World:
    """Folders: disk/inbox, out, moved, failed and state, and far on another device."""

    def __init__(self, scenario: Scenario, parent: Path) -> None:
        self.scenario = scenario
        self.folder = Path(mkdtemp(prefix="world-", dir=parent)).resolve()
        self.disk = self.folder / "disk"
        self._far = Path(mkdtemp(prefix="fileq-chaos-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
        self.roots = {"disk": self.disk, "far": self._far}
        for name in ("inbox", "out", "state"):
            (self.disk / name).mkdir(parents=True)
        self.places = {name: str(self.disk / name) for name in ("inbox", "out", "moved", "failed")}
        self.places["far"] = str(self._far / "moved")
        self._config = self.folder / "chaos.toml"
        self._config.write_text(self._filled(scenario.config), encoding="utf-8")
        for name, content in pictures().items():
            self._put("inbox", name, content)
        if scenario.has_broken_picture:
            self._put("inbox", BROKEN, broken_picture())
        for name in scenario.foreign:
            self._put("out", name, b"a stranger's")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FILEQ_", "XDG_"))}
        self.environment = kept | {
            "FILEQ_DATABASE": str(self.disk / "state" / "ledger.db"),
            "FILEQ_CONFIG": str(self._config),
            "HOME": str(self.folder),
            "NO_COLOR": "1",
            MARK: str(self.folder),
        }

    def _put(self, folder: str, name: str, content: bytes) -> None:
        path = self.disk / folder / name
        path.write_bytes(content)
        os.utime(path, (1_700_000_000, 1_700_000_000))

    def begin(self) -> None:
        """Do what comes before anything strikes."""
        for command in self.scenario.before:
            self.run(command)
        for name in self.scenario.newer:
            self._put("inbox", name, _picture(len(pictures()), Path(name).suffix[1:]))

    def _filled(self, text: str) -> str:
        return text.format(**self.places)

    def start(self, command: Command, environment: dict[str, str] | None = None) -> Process:
        """The command in a process group of its own. What it says goes to files: nobody who outlives it holds us up."""
        if environment is None:
            return prefork().start([*map(self._filled, command)], self.folder, self.environment)
        with (self.folder / "stdout").open("wb") as stdout, (self.folder / "stderr").open("wb") as stderr:
            return subprocess.Popen(
                [sys.executable, "-m", "fileq", *map(self._filled, command)],
                cwd=self.folder,
                env=self.environment | environment,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )

    def wait(self, process: Process, command: Command) -> Ended:
        if command[0] == "watch" and "--once" not in command:
            self._stop_when_empty(process)
        try:
            code: int | None = process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            code = None
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        said = [(self.folder / name).read_text(errors="replace") for name in ("stdout", "stderr")]
        return Ended(command, code, *said)

    def _stop_when_empty(self, process: Process) -> None:
        """End a watcher softly once nothing is left for it, or it has given up for now."""
        deadline = time.monotonic() + WATCHING
        while process.poll() is None and time.monotonic() < deadline:
            if not os.listdir(self.places["inbox"]) and heeds_sigterm(process.pid):
                break
            time.sleep(0.01)
        process.terminate()

    def run(self, command: Command, environment: dict[str, str] | None = None) -> Ended:
        return self.wait(self.start(command, environment), command)

    def ask(self, *command: str) -> Any:
        ended = self.run((*command, "--json"))
        try:
            return json.loads(ended.stdout)
        except ValueError as error:
            raise AssertionError(f"{ended}") from error

    def put_back(self) -> None:
        """Whoever looks at the failed pictures puts those back that are whole."""
        for name in pictures():
            failed = self.disk / "failed" / name
            if failed.exists():
                failed.rename(self.disk / "inbox" / name)

    def processes(self) -> list[int]:
        """Those of this world that are still there."""
        return processes_with(f"{MARK}={self.folder}")

    def remove(self) -> None:
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.folder)
        shutil.rmtree(self._far)


def heeds_sigterm(pid: int) -> bool:
    """Whether a process catches SIGTERM. Before it does, Python is starting, and nothing can end it softly."""
    with suppress(OSError):
        status = Path("/proc", str(pid), "status").read_text()
        caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
        return bool(int(caught, 16) >> signal.SIGTERM - 1 & 1)
    return False


def processes_with(setting: str) -> list[int]:
    """Return the pids of the processes that have it in their environment."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError):
                environment = Path("/proc", name, "environ").read_bytes()
                if setting.encode() in environment.split(b"\0"):
                    found.append(int(name))
    return found


@cache
def pictures() -> dict[str, bytes]:
    """Small photos, by name."""
    return {f"{number}.{kind}": _picture(number, kind) for number, kind in enumerate(("jpg", "png", "jpg"))}


def _picture(number: int, kind: str) -> bytes:
    content = BytesIO()
    photo((96 + 16 * number, 72), number).save(content, {"jpg": "JPEG", "png": "PNG"}[kind])
    return content.getvalue()


@cache
def broken_picture() -> bytes:
    """It has a JPEG's beginning and end, and lacks all between."""
    whole = pictures()["0.jpg"]
    return whole[:200] + b"\xff\xd9"

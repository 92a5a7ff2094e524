"""A watched folder, from outside: files come in, in every way that files come, and each must be queued once, whole."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from tests.acceptance.program import Program, files, kill_group, wait_until

LONG = bool(os.environ.get("FILEQ_LONG_TESTS"))
WATCHED = ("events", "polling")


def picture(color: int = 0) -> bytes:
    """A small JPEG; pictures of different colours have different content of the same size."""
    content = io.BytesIO()
    Image.new("RGB", (32, 24), (color * 37 % 256, color // 7 % 256, 90)).save(content, "JPEG", quality=50)
    made = content.getvalue()
    comment = 1000 - len(made) - 4
    return made[:2] + b"\xff\xfe" + (comment + 2).to_bytes(2, "big") + b"c" * comment + made[2:]


PICTURE = picture()


def write(path: Path, content: bytes = PICTURE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


class Watched:
    """A folder and its watcher."""

    def __init__(self, fileq: Program, name: str = "inbox") -> None:
        self.fileq = fileq
        self.folder = fileq.folder / name
        self.folder.mkdir(exist_ok=True)
        self.arguments: list[str] = [str(self.folder), "-r", "thumbnail", "-o", str(fileq.folder / "out")]
        self.prefix: list[str] = []

    def configure(self, *keys: str, recipes: str = "") -> None:
        """Watch it by the config, with these keys, and not by arguments."""
        lines = ["[[watch]]", f'path = "{self.folder}"', *keys]
        if not any(key.startswith("recipe") for key in keys):
            lines.append('recipe = "thumbnail"')
        if not any(key.startswith("out") for key in keys):
            lines.append(f'out = "{self.fileq.folder / "out"}"')
        self.fileq.configure("\n".join(lines) + "\n" + recipes)
        self.arguments = []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.fileq.folder / "watch.err").open("ab") as errors:
            return subprocess.Popen(
                [*self.prefix, sys.executable, "-m", "fileq", "watch", *self.arguments, *arguments],
                cwd=self.fileq.folder, env=self.fileq.environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True,
            )  # fmt: skip

    @contextmanager
    def watched(self, *arguments: str, ready: bool = True) -> Iterator[subprocess.Popen[bytes]]:
        """A watcher that is there while the block runs, and has caught up when it begins; then it is stopped."""
        process = self.start(*arguments)
        try:
            if ready:
                wait_until(lambda: self.state(process) in WATCHED or process.poll() is not None)
            yield process
            stop(process)
        finally:
            kill_group(process)
        assert "Traceback" not in self.errors(), self.errors()

    def said(self) -> dict[str, Any]:
        rows = self.fileq.ask("select status_json from watches where path = ?", str(self.folder))
        said: dict[str, Any] = json.loads(rows[0][0]) if rows else {}
        return said

    def state(self, process: subprocess.Popen[bytes]) -> str | None:
        """What the watcher says of itself; None where it is another that said it."""
        mine = self.fileq.ask("select 1 from watches where pid = ?", process.pid)
        return self.said().get("state") if mine or self.prefix else None

    def errors(self) -> str:
        return (self.fileq.folder / "watch.err").read_text(encoding="utf-8", errors="replace")

    def waits_for(self, path: Path, reason: str) -> bool:
        return any(one["path"] == str(path) and one["reason"] == reason for one in self.said().get("longest", ()))

    def queued(self) -> int:
        return int((self.fileq.ask("select count(*) from jobs") or [(0,)])[0][0])

    def wait_for(self, count: int) -> None:
        """Until so many jobs are known. Whether there are more is seen at the end."""
        wait_until(lambda: self.queued() >= count)

    def finish(self, *expected: Path | str) -> None:
        """The watcher is stopped: another scan finds nothing new, each file has one job, and each job ends well."""
        self.fileq.run("watch", *self.arguments, "--once")
        self.fileq.run("worker", "--drain", "--workers", "2")
        self.fileq.run("watch", *self.arguments, "--once")
        assert self.sources() == sorted(map(str, expected))
        assert self.fileq.states() == {"done": len(expected)}
        outputs = [self.fileq.folder / "out" / name for name in files(self.fileq.folder / "out")]
        assert len(outputs) == len(expected)
        assert all(opens(output) for output in outputs)

    def sources(self) -> list[str]:
        rows = self.fileq.ask("select source from jobs")
        return sorted(source if isinstance(source, str) else os.fsdecode(source) for (source,) in rows)


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def opens(path: Path) -> bool:
    with Image.open(path) as image:
        image.load()
    return True


def below(folder: Path) -> list[Path]:
    return [folder / name for name in files(folder)]

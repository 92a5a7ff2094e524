"""Small drives that become full or read-only, and go and come back with what is on them, which only root can make.

And a place on another device, which all can have.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


class Drive:
    """A file system in memory, at `folder` while it is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._store = folder.with_name(f"{folder.name}-store")

    def come(self) -> None:
        _mount("--bind", self._store, self.folder)

    def go(self) -> None:
        subprocess.run(["umount", "-l", self.folder], check=True)

    def turn_read_only(self) -> None:
        _mount("-o", "remount,ro,bind", self.folder)

    def turn_writable(self) -> None:
        _mount("-o", "remount,rw,bind", self.folder)

    def fill(self) -> None:
        with (self._store / "filler").open("ab", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                return

    def make_room(self) -> None:
        (self._store / "filler").unlink()


@contextmanager
def drive(folder: Path, size: str = "8m") -> Iterator[Drive]:
    """A drive that is there, and empty."""
    made = Drive(folder)
    made.folder.mkdir(parents=True)
    made._store.mkdir()
    try:
        _mount("-t", "tmpfs", "-o", f"size={size}", "none", made._store)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"drives can't be mounted here: {os.fsdecode(error.stderr).strip()}")
    try:
        made.come()
        yield made
    finally:
        for place in (made.folder, made._store):
            subprocess.run(["umount", "-l", place], check=False, capture_output=True)


@contextmanager
def another_device(beside: Path) -> Iterator[Path]:
    """An empty folder on another device than that of `beside`; in the end it goes, with all that came into it."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == beside.stat().st_dev:
        pytest.skip("There is no second device here to move files to.")
    with TemporaryDirectory(prefix="fileq-", dir=memory) as folder:
        yield Path(folder)


def _mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)

"""Originals at the edges: many processes that move the same file, and people who save a newer one meanwhile."""

from __future__ import annotations

import hashlib
import io
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.program import Program, files, kill_group, wait_until
from tests.acceptance.watching import LONG, Watched, below, write
from tests.support.drives import another_device
from tests.support.images import level_of

ROUNDS = 12 if LONG else 3
LARGE = (300 if LONG else 120) * 2**20


@pytest.fixture
def fileq(tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    return Program(home)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another device."""
    with another_device(tmp_path) as folder:
        yield folder


def sha(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_an_original_that_several_workers_move_to_another_device_is_never_lost(fileq: Program, elsewhere: Path) -> None:
    """All are killed in the moment in which the file has its new name, and later ones go on."""
    inbox = Watched(fileq)
    inbox.configure(f'failed_to = "{elsewhere}"')
    chance = random.Random(7)
    for number in range(ROUNDS):
        original = inbox.folder / f"{number}.jpg"  # no picture: its job fails at once, and it is to go
        with original.open("wb") as file:
            file.write(chance.randbytes(2**20) * (LARGE // 2**20))
        expected = sha(original)
        fileq.run("watch", "--once")
        before = len(os.listdir(elsewhere))
        workers = [fileq.start("worker", "--workers", "1")]
        wait_until(lambda before=before: len(os.listdir(elsewhere)) > before)  # it has begun to copy
        workers += [fileq.start("worker", "--workers", "1") for _ in range(3)]  # each recovers when it starts
        wait_until(lambda number=number: (elsewhere / f"{number}.jpg").exists())
        for worker in workers:
            kill_group(worker)
        found = [path for path in (original, elsewhere / f"{number}.jpg") if path.exists() and sha(path) == expected]
        assert found, f"round {number}: the original is lost"
        fileq.run("worker", "--drain")
        assert sha(elsewhere / f"{number}.jpg") == expected
        assert not original.exists()
    assert files(elsewhere) == sorted(f"{number}.jpg" for number in range(ROUNDS))
    assert below(inbox.folder) == []


@pytest.mark.parametrize("after", ["delete", "move"])
def test_a_newer_version_that_is_saved_as_the_older_goes_is_made_too(fileq: Program, after: str) -> None:
    """Moments after the output of the older one has come, a newer one is renamed onto the source."""
    inbox = Watched(fileq)
    inbox.configure(f'after = "{after}"', f'move_to = "{fileq.folder / "done"}"' if after == "move" else "")
    chance = random.Random(3)
    rounds = 40 if LONG else 12
    with inbox.watched("--work", "--workers", "2"):
        for number in range(rounds):
            source, output = inbox.folder / f"{number}.png", fileq.folder / "out" / f"{number}.jpg"
            write(source, png(0))
            newer = write(fileq.folder / "saved", png(200))
            wait_until(output.exists)
            time.sleep(chance.uniform(0, 0.004))  # the random moment
            newer.rename(source)
        wait_until(lambda: not below(inbox.folder))
        wait_until(lambda: set(fileq.states()) == {"done"})
    for number in range(rounds):
        with Image.open(fileq.folder / "out" / f"{number}.jpg") as image:
            assert level_of(image.convert("L"), (5, 5)) > 100, f"round {number}: the newer version was lost"


def png(level: int) -> bytes:
    content = io.BytesIO()
    Image.effect_noise((40, 30), 20).point(lambda value: min(255, value // 8 + level)).save(content, "PNG")
    return content.getvalue()

"""Whatever people do in a watched tree, at any moment: in the end every file that is there was done, as it is now."""

import os
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.acceptance.program import Program, files, kill_group, wait_until
from tests.acceptance.watching import LONG, Watched, below, picture, stop, write

STEPS, SEEDS = (600, range(6)) if LONG else (150, range(2))


class Hand:
    """Somebody who makes, changes, renames and removes files and folders, by chance."""

    def __init__(self, inbox: Path, away: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.inbox = inbox
        self.away = away
        self.step = 0

    def act(self) -> None:
        self.step += 1
        acts: list[Callable[[], object]] = []
        acts += [self.make] * 6 + [self.rename] * 3 + [self.overwrite, self.replace] * 2
        acts += [self.make_folders] * 2 + [self.rename_folder, self.take_away_and_back, self.remove, self.remove_tree]
        with suppress(IndexError):  # there is nothing yet to do that with
            self.chance.choice(acts)()

    def file(self) -> Path:
        return self.chance.choice(below(self.inbox))

    def folder(self, *, own: bool = True) -> Path:
        return self.chance.choice([Path(path) for path, _, _ in os.walk(self.inbox)][0 if own else 1 :])

    def make(self) -> None:
        write(self.folder() / f"made{self.step}.jpg", picture(self.step))

    def rename(self) -> None:
        self.file().rename(self.folder() / f"renamed{self.step}.jpg")

    def overwrite(self) -> None:
        self.file().write_bytes(picture(self.step))

    def replace(self) -> None:
        path = self.file()
        write(path.with_name(".new.tmp"), picture(self.step)).rename(path)

    def make_folders(self) -> None:
        write(self.folder() / f"folder{self.step}" / "deep" / "a.jpg", picture(self.step))

    def rename_folder(self) -> None:
        path, target = self.folder(own=False), self.folder()
        if path != target and path not in target.parents:
            path.rename(target / f"moved{self.step}")

    def take_away_and_back(self) -> None:
        self.folder(own=False).rename(self.away)
        self.away.rename(self.inbox / f"back{self.step}")

    def remove(self) -> None:
        self.file().unlink()

    def remove_tree(self) -> None:
        if self.step % 5 == 0:
            shutil.rmtree(self.folder(own=False))


def left_to_do(inbox: Watched) -> list[str]:
    """The files that no done job is about, as they are now."""
    done = set(inbox.fileq.ask("select source, version from jobs where state = 'done'"))
    status = {str(path): path.stat() for path in below(inbox.folder)}
    return [path for path, at in status.items() if (path, f"{at.st_size}-{at.st_mtime_ns}") not in done]


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_file_that_stands_in_the_end_was_done(fileq: Program, seed: int, *, killed: bool) -> None:
    inbox = Watched(fileq)
    hand = Hand(inbox.folder, fileq.folder / "away", seed)
    process = inbox.start("--work", "--workers", "1")
    try:
        wait_until(lambda: inbox.state(process))
        for _ in range(STEPS):
            hand.act()
            if killed and hand.chance.random() < 0.02:
                kill_group(process)
                process = inbox.start("--work", "--workers", "1")
        wait_until(lambda: not left_to_do(inbox))
        wait_until(lambda: set(inbox.fileq.states()) <= {"done", "cancelled", "superseded"})
        assert killed or inbox.said()["missed"] == 0
        stop(process)
    finally:
        kill_group(process)
    assert "Traceback" not in inbox.errors()
    assert not [name for name in files(fileq.folder / "out") if os.path.basename(name).startswith(".")]

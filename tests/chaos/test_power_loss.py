"""The power fails, at any moment: whatever was not synced is gone, or has come out of order. Nothing is lost.

The changes to the disk of a few commands are logged once (`power_loss_log.c`), from which come the disks that a loss of
power after each change may leave (`power_loss_model.py`). All are looked at, and from some one goes on: the promise is
in `power_loss_promise.py`. FILEQ_CHAOS=long goes on after every change. FILEQ_CHAOS_SEED repeats a run.

Left out: modes and extended attributes (files have those they had in the end), and the names of links.
"""

import os
import random
import secrets
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.chaos.power_loss_log import Disk, Log
from tests.chaos.power_loss_model import Model, crashed
from tests.chaos.power_loss_promise import broken_after, broken_on_disk
from tests.chaos.power_loss_scenarios import SCENARIOS, Machine

LONG = os.environ.get("FILEQ_CHAOS") == "long"

pytestmark = [
    pytest.mark.skipif(
        sys.platform != "linux" or shutil.which("gcc") is None, reason="calls are logged by what gcc builds for Linux"
    ),
    pytest.mark.timeout(7200 if LONG else 300),
]

SEED = int(os.environ.get("FILEQ_CHAOS_SEED") or (secrets.randbelow(1_000_000) if LONG else 1))
RANDOM_DISKS = 10 if LONG else 2
"""For each moment."""

STARTS = (300, 1000, 1000) if LONG else (2, 1, 2)
"""From so many disks one goes on: of those left by chance, by a mere kill, and by a rule."""

SECOND_LOSSES = 5 if LONG else 1


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A disk that a loss of power leaves after so many changes. `promised`: whether a command had answered by then."""

    log: Log
    cut: int
    model: Model
    disk: Disk
    promised: bool

    def __str__(self) -> str:
        return f"{self.model} after change {self.cut} ({self.log.changes[self.cut - 1] if self.cut else 'none'})"


@dataclass
class Tally:
    """What was tried in a scenario."""

    name: str
    looked_at: int = 0
    started: int = 0

    def tell(self, broken: Sequence[str], folder: Path) -> None:
        """Say it in one line, and complain of what is broken."""
        counts = f"{self.looked_at} disks looked at, {self.started} started from, {len(broken)} faults"
        print(f"power loss, {self.name}: {counts}, seed {SEED}")  # noqa: T201  # the figures
        assert not broken, "\n".join(line.replace(str(folder), "") for line in broken[:20])


@pytest.fixture
def far() -> Iterator[Path]:
    """A folder on another device, where there is one."""
    base = Path(mkdtemp(prefix="fileq-power-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)).resolve()
    yield base / "far"
    shutil.rmtree(base)


@pytest.mark.parametrize("name", SCENARIOS)
def test_after_any_loss_of_power_all_ends_as_it_would_have(name: str, tmp_path: Path, far: Path) -> None:
    machine, chance, tally = Machine(SCENARIOS[name], tmp_path.resolve(), far), random.Random(SEED), Tally(name)
    log = machine.play()
    assert crashed(log, len(log.changes), Model.KILLED, chance) == machine.end, "a change was not logged"
    tally.tell(broken_by_losses(machine, log, chance, tally), machine.folder)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_power_may_fail_again_while_one_goes_on(name: str, tmp_path: Path, far: Path) -> None:
    machine, chance, tally = Machine(SCENARIOS[name], tmp_path.resolve(), far), random.Random(SEED), Tally(name)
    log = machine.play()
    broken = []
    for first in sample(list(losses(log, chance)), SECOND_LOSSES, chance):
        machine.power_on(first.disk)
        second = machine.record(machine.left(promised=first.promised))
        found = broken_by_losses(machine, second, chance, tally, promised=first.promised)
        broken += [f"{first}, then {one}" for one in found]
    tally.tell(broken, machine.folder)


def broken_by_losses(
    machine: Machine, log: Log, chance: random.Random, tally: Tally, *, promised: bool = False
) -> list[str]:
    """Try losses of power in a log; say what each has broken. `promised`: whether a command had answered before it."""
    all_losses = list(losses(log, chance, promised=promised))
    broken = [f"{loss}: {found}" for loss in all_losses for found in broken_on_disk(machine, loss.disk)]
    starts = to_start_from(all_losses, chance)
    broken += [f"{loss}, then on: {found}" for loss in starts for found in broken_going_on(machine, loss)]
    tally.looked_at += len(all_losses)
    tally.started += len(starts)
    return broken


def to_start_from(losses: Sequence[Loss], chance: random.Random) -> list[Loss]:
    by_chance, killed, ruled = (
        [loss for loss in losses if loss.model in models]
        for models in ({Model.RANDOM}, {Model.KILLED}, {Model.JOURNAL, Model.OWN, Model.STRICT})
    )
    return [
        loss
        for some, most in zip((by_chance, killed, ruled), STARTS, strict=True)
        for loss in sample(some, most, chance)
    ]


def sample(losses: Sequence[Loss], most: int, chance: random.Random) -> Sequence[Loss]:
    return chance.sample(losses, most) if len(losses) > most else losses


def broken_going_on(machine: Machine, loss: Loss) -> list[str]:
    machine.power_on(loss.disk)
    try:
        machine.run(machine.left(promised=loss.promised))
    except AssertionError as error:  # a command complained
        return [str(error)]
    return broken_after(machine)


def losses(log: Log, chance: random.Random, *, promised: bool = False) -> Iterator[Loss]:
    """All losses whose disks differ. The short form passes over moments between two writes."""
    seen = set()
    for cut in range(len(log.changes) + 1):
        if not LONG and [change.kind for change in log.changes[max(0, cut - 1) : cut + 1]] == ["write", "write"]:
            continue
        said = promised or log.has_said(cut)
        for model in (Model.KILLED, Model.JOURNAL, Model.OWN, Model.STRICT, *[Model.RANDOM] * RANDOM_DISKS):
            disk = crashed(log, cut, model, chance)
            key = hash((said, disk.folders, frozenset(disk.names.items()), frozenset(disk.contents.items())))
            if key not in seen:
                seen.add(key)
                yield Loss(log=log, cut=cut, model=model, disk=disk, promised=said)

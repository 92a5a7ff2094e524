"""What is under way when the power fails, and what is done once it is back."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.program import PATIENCE
from tests.acceptance.watching import picture
from tests.chaos.power_loss_log import Disk, Log, Recorder, restore

PHOTOS = 3


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Commands whose end is known, and by which of them one goes on after a loss of power.

    `promised` is how where a command had answered already. `before` is not recorded; with `newer`, all sources are
    changed after it.
    """

    commands: Sequence[Sequence[str]]
    again: Sequence[Sequence[str]]
    promised: Sequence[Sequence[str]] | None = None
    before: Sequence[Sequence[str]] = ()
    newer: bool = False
    config: str = ""
    deletes: bool = False
    """Whether an original may go for good, once its outputs are there."""


_WORKER = ("worker", "--drain", "--workers", "1", "--no-periodic")
_RUN = ("run", "{inbox}", "-r", "thumbnail", "-o", "{out}", "--workers", "1")
_ADD = ("add", "{inbox}", "-r", "thumbnail", "-o", "{out}")
_WATCH = ("watch", "--once", "--work", "--workers", "1")
_CLEAN = ("clean", "--older-than", "0s")
_SMALLER = ("run", "{inbox}", "-r", "smaller", "--workers", "1")
_REPLACING = """[recipes.smaller]
out = "{{folder}}"
replace = true
steps = [ {{ op = "resize", fit = "16x16" }} ]
"""
_WATCHED = """[recipes.two]
steps = [ {{ op = "resize", fit = "16x16" }} ]
outputs = [ {{ name = "{{stem}}.jpg" }}, {{ name = "{{stem}}-small.jpg" }} ]

[[watch]]
path = "{inbox}"
recipe = "two"
out = "{out}"
"""

_TOLD = (
    "select source, state, attempts > 3 from jobs order by source",
    (
        "select path, published_version is not null, coalesce(temp_path, pending_version, hidden_path) is not null"
        " from outputs order by path"
    ),
)

SCENARIOS = {
    "add": Scenario(commands=[_ADD, _WORKER], again=[_ADD, _WORKER], promised=[_WORKER]),
    "run": Scenario(commands=[_RUN], again=[_RUN, _WORKER]),
    "keep": Scenario(commands=[_WATCH], again=[_WATCH], config=_WATCHED),
    "move": Scenario(commands=[_WATCH], again=[_WATCH], config=_WATCHED + 'after = "move"\nmove_to = "{moved}"\n'),
    "move to another device": Scenario(
        commands=[_WATCH], again=[_WATCH], config=_WATCHED + 'after = "move"\nmove_to = "{far}"\n'
    ),
    "delete": Scenario(commands=[_WATCH], again=[_WATCH], config=_WATCHED + 'after = "delete"\n', deletes=True),
    "replace": Scenario(commands=[_SMALLER], again=[_SMALLER, _WORKER], config=_REPLACING),
    "newer sources": Scenario(before=[_RUN], newer=True, commands=[_RUN], again=[_RUN, _WORKER]),
    "clean": Scenario(before=[_RUN], commands=[_CLEAN], again=[_CLEAN]),
}


@dataclass
class Machine:
    """A machine on which one scenario is played: what it does to its disks is logged, and the disks can be rebuilt."""

    scenario: Scenario
    folder: Path
    far: Path
    recorder: Recorder = field(init=False)
    before: Disk = field(init=False)
    end: Disk = field(init=False)
    ledger: list[tuple[object, ...]] = field(init=False)
    boots: int = 0

    def __post_init__(self) -> None:
        self.disk = self.folder / "disk"
        self.recorder = Recorder([self.disk, self.far], self.folder / "changes")
        self.config = self.folder / "power.toml"
        self.config.write_text(self._filled(self.scenario.config), encoding="utf-8")
        (self.disk / "inbox").mkdir()
        (self.disk / "state").mkdir()  # POSIX does not promise that a new one outlives its database's first sync
        if self.scenario.before:  # a folder of somebody's, which stays: a new one of its name would be another
            (self.disk / "out").mkdir()
            (self.disk / "out" / "note.txt").write_text("mine", encoding="utf-8")
        self._take_photos(1_700_000_000)

    def play(self) -> Log:
        """Do it all, with no loss of power."""
        self.run(self.scenario.before)
        if self.scenario.newer:
            self._take_photos(1_750_000_000)
        log = self.record(self.scenario.commands)
        self.before, self.end, self.ledger = log.before, self.recorder.disk(), self.told()
        assert {row[1] for row in self.ledger if isinstance(row[1], str)} == {"done"}, self.ledger
        return log

    def _take_photos(self, time: int) -> None:
        for number in range(PHOTOS):
            path = self.disk / "inbox" / f"{number}.jpg"
            path.write_bytes(picture(number + time))
            os.utime(path, (time, time))

    def record(self, commands: Sequence[Sequence[str]]) -> Log:
        self.recorder.log.unlink(missing_ok=True)
        before = self.recorder.disk()
        self.run(commands, self.recorder.environment)
        self.recorder.disk()  # keeps the inodes of what came: the ledger knows outputs by them
        return Log(before=before, changes=self.recorder.changes())

    def power_on(self, disk: Disk) -> None:
        """Have this on the disks, and nothing of what ran before in memory."""
        restore(self.recorder, disk)
        self.boots += 1

    def left(self, *, promised: bool) -> Sequence[Sequence[str]]:
        """The commands by which one goes on. `promised`: whether the first one had answered."""
        return self.scenario.promised if promised and self.scenario.promised else self.scenario.again

    def run(self, commands: Sequence[Sequence[str]], environment: dict[str, str] | None = None) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FILEQ_", "XDG_"))}
        boot = self.folder / "boot_id"
        boot.write_text(f"{self.boots:08}-0000-4000-8000-000000000000\n", encoding="ascii")
        own = self.recorder.hiding | {
            "POWER_BOOT": str(boot),
            "FILEQ_DATABASE": str(self.database),
            "FILEQ_CONFIG": str(self.config),
            "HOME": str(self.folder),
        }
        for command in commands:
            answer = subprocess.run(
                [sys.executable, "-m", "fileq", *map(self._filled, command)],
                env=kept | own | {"NO_COLOR": "1"} | (environment or {}),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            assert answer.returncode == 0, (command, answer)
            assert "Traceback" not in answer.stderr, answer

    def _filled(self, text: str) -> str:
        folders = {name: self.disk / name for name in ("inbox", "out", "moved")}
        return text.format(far=self.far, **folders)

    @property
    def database(self) -> Path:
        return self.disk / "state" / "ledger.db"

    def told(self) -> list[tuple[object, ...]]:
        """What the ledger tells of jobs and outputs, but for times and counts."""
        if not self.database.exists():
            return []
        with closing(sqlite3.connect(self.database)) as connection:
            return [row for query in _TOLD for row in connection.execute(query)]

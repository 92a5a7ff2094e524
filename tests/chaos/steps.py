"""The steps of a run of processes, one after another, and a strike at one of them. See steps.c."""

import errno
import mmap
import os
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from pathlib import Path

_SOURCE = Path(__file__).with_name("steps.c")
_LAYOUT = struct.Struct("=qqiiqqiii4x6q")
"""`struct aim` of steps.c."""


class StepKind(IntFlag):
    OPEN = 1
    WRITE = 2
    SYNC = 4
    NAME = 8
    MESSAGE = 16
    READ = 32


class Act(IntEnum):
    COUNT = 0
    KILL = 1
    """The process that makes the step."""
    KILL_LEADER = 2
    """The process of the command."""
    KILL_GROUP = 3
    FAIL = 4


KILLED = StepKind.OPEN | StepKind.WRITE | StepKind.SYNC | StepKind.NAME | StepKind.MESSAGE
"""The steps before and after which processes are killed."""
_CHANGES = StepKind.OPEN | StepKind.WRITE | StepKind.SYNC | StepKind.NAME
FAULTS = {
    errno.ENOSPC: _CHANGES,
    errno.EDQUOT: _CHANGES,
    errno.EIO: _CHANGES | StepKind.READ,
    errno.EACCES: StepKind.OPEN | StepKind.NAME | StepKind.READ,
    errno.EROFS: StepKind.OPEN | StepKind.NAME,
    errno.EMFILE: StepKind.OPEN | StepKind.READ,
    errno.ENOMEM: _CHANGES | StepKind.READ,
}
"""What the system may answer to which calls."""


@dataclass(frozen=True, kw_only=True)
class Strike:
    """What happens at the steps from `at` on, `length` of them."""

    act: Act
    at: int = 0
    length: int = 1
    is_after: bool = False
    error: int = 0

    @property
    def kinds(self) -> StepKind:
        return FAULTS[self.error] if self.act is Act.FAIL else KILLED

    @property
    def kills(self) -> bool:
        return self.act in (Act.KILL, Act.KILL_LEADER, Act.KILL_GROUP)

    def __str__(self) -> str:
        """As `parse` reads it."""
        if self.act is Act.FAIL:
            return f"{errno.errorcode[self.error]}:{self.at}:{self.length}"
        return f"{self.act.name.lower()}:{'after' if self.is_after else 'before'}:{self.at}"

    @classmethod
    def parse(cls, text: str) -> "Strike":
        """Read "kill:before:17", "kill_group:after:17" or "ENOSPC:17:40", which is 40 steps long."""
        what, second, third = text.split(":")
        if what.upper() in Act.__members__:
            return cls(act=Act[what.upper()], at=int(third), is_after=second == "after")
        return cls(act=Act.FAIL, error=getattr(errno, what), at=int(second), length=int(third))


NOTHING = Strike(act=Act.COUNT)


def build(folder: Path) -> Path:
    """Compile the library into a folder; return its path."""
    library = folder / "steps.so"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", library, _SOURCE, "-ldl"], check=True
    )
    return library


def later(library: Path, seconds: int) -> dict[str, str]:
    """The environment of a command that nothing strikes at, so much later."""
    return {"LD_PRELOAD": str(library), "CHAOS_LATER": str(seconds)}


class Clock:
    """A clock on the wall that steps while processes run, for those that have its environment."""

    def __init__(self, library: Path, folder: Path) -> None:
        self._link = folder / "clock"
        self.environment = {"LD_PRELOAD": str(library), "CHAOS_CLOCK": str(self._link)}
        self.step_to(0)

    def step_to(self, seconds: int) -> None:
        """Have it go ahead of the true time by so many seconds, or behind."""
        new = self._link.with_name("clock-new")
        new.symlink_to(str(seconds))
        new.replace(self._link)


class Steps:
    """The count that all processes of a run share."""

    def __init__(self, library: Path, folder: Path, roots: Sequence[Path], strike: Strike) -> None:
        self._path = folder / "aim"
        self.log = folder / "steps"
        fields = (0, 0, 0, strike.act, strike.at, strike.at + strike.length, strike.is_after, strike.error)
        self._path.write_bytes(_LAYOUT.pack(*fields, strike.kinds, *([0] * len(StepKind))))
        with self._path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _LAYOUT.size)
        self.environment = {
            "LD_PRELOAD": str(library),
            "CHAOS_AIM": str(self._path),
            "CHAOS_ROOTS": ":".join(map(str, roots)),
        }

    @property
    def by_kind(self) -> dict[StepKind, int]:
        """How many steps there were of each kind."""
        counts = _LAYOUT.unpack(self._shared)[-len(StepKind) :]
        return dict(zip(StepKind, counts, strict=True))

    @property
    def struck(self) -> int:
        return int(_LAYOUT.unpack(self._shared)[1])

    def begin_command(self) -> None:
        """The next process is another command's."""
        struct.pack_into("=i", self._shared, 16, 0)

    def write_log(self) -> None:
        """Have every step written to `log`: number, process, call, path."""
        self.environment["CHAOS_LOG"] = os.fspath(self.log)

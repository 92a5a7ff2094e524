"""What a check says."""

from collections.abc import Iterable
from enum import StrEnum
from itertools import zip_longest

import msgspec

DATABASE, DISK = "database", "disk"
"""The names of the two checks that others depend on, or that can't wait."""


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"  # worth a look; nothing is lost or stands still
    BAD = "bad"


_WORST_FIRST = [State.BAD, State.WARNING, State.OK]


class Finding(msgspec.Struct, frozen=True):
    """What was found, in sentences. Where it isn't ok, `remedy` says what to do about it.

    Where several things were found, each has a line of the message, and the same line of the remedy.
    """

    state: State
    message: str
    remedy: str = ""


class Check(msgspec.Struct, frozen=True):
    """A finding under the name of the check that made it."""

    name: str
    state: State
    message: str
    remedy: str

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Each thing that was found, with its remedy, "" where it has none."""
        return list(zip_longest(self.message.split("\n"), self.remedy.split("\n"), fillvalue=""))


def ok(message: str) -> Finding:
    return Finding(State.OK, _line(message))


def warning(message: str, remedy: str) -> Finding:
    return Finding(State.WARNING, _line(message), remedy)


def bad(message: str, remedy: str) -> Finding:
    return Finding(State.BAD, _line(message), remedy)


def _line(message: str) -> str:
    """A file's name may hold the end of a line."""
    return message.replace("\n", "\\n")


def together(findings: Iterable[Finding], well: Finding) -> Finding:
    """All that isn't ok as one finding, the worst first; `well` where all is."""
    ill = sorted((one for one in findings if one.state is not State.OK), key=lambda one: _WORST_FIRST.index(one.state))
    if not ill:
        return well
    pairs = dict.fromkeys((one.message, one.remedy) for one in ill)
    return Finding(ill[0].state, "\n".join(message for message, _ in pairs), "\n".join(remedy for _, remedy in pairs))


def first(names: Iterable[object], shown: int = 3) -> str:
    """The first three of some names, and how many more there are."""
    listed = [str(name) for name in names]
    more = f" and {len(listed) - shown:,} more" if len(listed) > shown else ""
    return ", ".join(listed[:shown]) + more

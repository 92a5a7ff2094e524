"""What a check says."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"  # worth a look; nothing is lost or stands still
    BAD = "bad"


_WORST_FIRST = [State.BAD, State.WARNING, State.OK]


class Finding(msgspec.Struct, frozen=True):
    """What was found, in sentences. Where it isn't ok, `remedy` says what to do about it."""

    state: State
    message: str
    remedy: str = ""


class Check(msgspec.Struct, frozen=True):
    """A finding under the name of the check that made it."""

    name: str
    state: State
    message: str
    remedy: str


def ok(message: str) -> Finding:
    return Finding(State.OK, message)


def warning(message: str, remedy: str) -> Finding:
    return Finding(State.WARNING, message, remedy)


def bad(message: str, remedy: str) -> Finding:
    return Finding(State.BAD, message, remedy)


def together(findings: Iterable[Finding], well: Finding) -> Finding:
    """All that isn't ok as one finding, the worst first; `well` where all is."""
    ill = sorted((one for one in findings if one.state is not State.OK), key=lambda one: _WORST_FIRST.index(one.state))
    if not ill:
        return well
    messages, remedies = (dict.fromkeys(filter(None, texts)) for texts in zip(*map(_texts, ill), strict=True))
    return Finding(ill[0].state, " ".join(messages), " ".join(remedies))


def _texts(finding: Finding) -> tuple[str, str]:
    return finding.message, finding.remedy


def counted(count: int, noun: str) -> str:
    """1 job, 1,200 jobs."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def first(names: Iterable[object], shown: int = 3) -> str:
    """The first three of some names, and how many more there are."""
    listed = [str(name) for name in names]
    more = f" and {len(listed) - shown:,} more" if len(listed) > shown else ""
    return ", ".join(listed[:shown]) + more

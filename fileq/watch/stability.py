"""When is a file complete? Pure rules: `now` is a parameter, in seconds of the monotonic clock.

Fast, where the system says who has a file open: nobody writes to it, its end is there, and 30 ms were quiet. A format
without a mark at its end needs 1 s. Slow, everywhere else: nothing has changed for `settle` seconds. It never gives up.
"""

from enum import StrEnum
from typing import NamedTuple

QUIET = 0.03
"""Seconds after the last event. Programs that write a file in pieces close it and open it again within less."""

UNMARKED = 1.0
"""The same for formats whose end can't be seen."""

LONG = 600.0
"""Seconds after which a file that isn't complete is worth a warning."""

_SOONEST, _LATEST, _GROWTH = 0.1, 2.0, 1.5


class ProbedFile(NamedTuple):
    """A file at one moment. `open`: whether somebody has it open for writing; `whole`: whether its end is there.

    Both are None where that can't be known.
    """

    size: int
    mtime_ns: int
    inode: int
    is_open: bool | None
    has_end: bool | None

    @property
    def identity(self) -> tuple[int, int, int]:
        return self.size, self.mtime_ns, self.inode


class UnsettledReason(StrEnum):
    """Why a file is not taken yet."""

    NEW = "it has just come"
    EMPTY = "it is empty"
    OPEN = "somebody writes to it"
    UNFINISHED = "its end is not there"
    CHANGING = "it may still change"
    LINKED = "it has another name"
    BUSY = "it is being processed under its former name"


class FileHistory:
    """What was seen of a file up to now."""

    __slots__ = ("changed_at", "event_at", "first_at", "look", "probes", "reason")

    def __init__(self, now: float) -> None:
        self.first_at = now
        self.event_at = now
        self.changed_at = now
        self.last_probe: ProbedFile | None = None
        self.probes = 0
        self.reason = UnsettledReason.NEW


def seconds_until_next_probe(trace: FileHistory, look: ProbedFile, now: float, settle: float) -> float | None:
    """None where the file is complete; else in how many seconds to look again, and `trace.reason` says why."""
    if trace.last_probe is None or trace.last_probe.identity != look.identity:
        trace.changed_at = now
    trace.last_probe = look
    trace.probes += 1
    if look.size == 0:
        trace.reason = UnsettledReason.EMPTY
        return _again(trace)
    if look.is_open:
        trace.reason = UnsettledReason.OPEN
        return _again(trace)
    if look.is_open is False and look.has_end:
        trace.reason = UnsettledReason.NEW
        return _rest(now - trace.event_at, QUIET)
    quiet = now - max(trace.event_at, trace.changed_at)
    if look.is_open is False and look.has_end is None:
        trace.reason = UnsettledReason.CHANGING
        return _rest(quiet, UNMARKED)
    trace.reason = UnsettledReason.UNFINISHED if look.has_end is False else UnsettledReason.CHANGING
    return _rest(quiet, settle)


def _rest(quiet: float, needed: float) -> float | None:
    return None if quiet >= needed else needed - quiet


def _again(trace: FileHistory) -> float:
    """An event tells when that is over; where none comes, a look does, ever more rarely."""
    return float(min(_LATEST, _SOONEST * _GROWTH ** min(trace.probes, 20)))

"""The clock: whether the ledger knows of times that are to come, and whether the clock was set."""

import time
from collections.abc import Callable

from fileq.health.check import Finding, bad, ok, together, warning
from fileq.health.context import Case
from fileq.units import describe_seconds

_AHEAD = 60.0
_JUMP = 30.0
_DAY = 86400.0
_REMEDY = "Have the system set its clock by a time server."


def clock(case: Case) -> Finding:
    return together([_ahead(case), _jumped(case)], ok("It goes steadily."))


def _ahead(case: Case) -> Finding:
    latest = case.ledger.health.find_latest_moment()
    ahead = latest - case.now if latest is not None else 0.0
    if ahead <= _AHEAD:
        return ok("")
    message = f"The ledger knows of times {describe_seconds(ahead)} from now: the clock was set back."
    return bad(message, _REMEDY) if ahead > _DAY else warning(message, f"{_REMEDY} Else it passes by itself.")


def _jumped(case: Case) -> Finding:
    jump = case.ledger.checks.find_clock_jump()
    if jump is None or abs(case.now - jump.at) > _DAY:
        return ok("")
    way = "forward" if jump.seconds > 0 else "back"
    ago = describe_seconds(max(0.0, case.now - jump.at))
    return warning(f"The clock jumped {way} by {describe_seconds(abs(jump.seconds))}, {ago} ago.", _REMEDY)


def steady() -> float:
    """Seconds that pass whatever the clock is set to, also while the machine sleeps."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if hasattr(time, "CLOCK_MONOTONIC"):
        return time.clock_gettime(time.CLOCK_MONOTONIC)  # on macOS, where time.monotonic stands still in its sleep
    return time.monotonic()


class ClockWatch:
    """Compares the clock on the wall with one that nobody sets. To be asked once a minute or so."""

    def __init__(self, wall: Callable[[], float] = time.time, even: Callable[[], float] = steady) -> None:
        self._wall = wall
        self._even = even
        self._difference = wall() - even()

    def jump(self) -> float | None:
        """By how many seconds the clock was set since this was asked last; None where that is at most 30."""
        before, self._difference = self._difference, self._wall() - self._even()
        jump = self._difference - before
        return jump if abs(jump) > _JUMP else None

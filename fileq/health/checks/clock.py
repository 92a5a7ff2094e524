"""The clock: whether the ledger knows of times that are to come, and whether the clock was set."""

import time
from collections.abc import Callable

from fileq.clock import steady_time
from fileq.health.check import CheckContext, Finding, bad, combine, ok, warning
from fileq.presence import hostname
from fileq.units import describe_seconds

_AHEAD = 60.0
_JUMP = 30.0
_OFFSET = 5.0
_DAY = 86400.0
_REMEDY = "Have the system set its clock by a time server."


def check_clock(context: CheckContext) -> Finding:
    """Check that the clock was not set, is not behind what the ledger knows of, and is right by the database's."""
    return combine([_ahead(context), _jumped(context), _differs(context)], ok("The clock runs steadily."))


def _ahead(context: CheckContext) -> Finding:
    latest = context.ledger.health.find_latest_moment()
    ahead = latest - context.now if latest is not None else 0.0
    if ahead <= _AHEAD:
        return ok("")
    message = f"The ledger knows of times {describe_seconds(ahead)} from now: the clock was set back."
    return bad(message, _REMEDY) if ahead > _DAY else warning(message, f"{_REMEDY} Else it passes by itself.")


def _jumped(context: CheckContext) -> Finding:
    jump = context.ledger.checks.find_clock_jump()
    if jump is None or abs(context.now - jump.at) > _DAY:
        return ok("")
    way = "forward" if jump.seconds > 0 else "back"
    ago = describe_seconds(max(0.0, context.now - jump.at))
    return warning(f"The clock jumped {way} by {describe_seconds(abs(jump.seconds))}, {ago} ago.", _REMEDY)


def _differs(context: CheckContext) -> Finding:
    """Return the finding about this host's clock, and those of the workers', where the ledger goes by a server's."""
    offsets = {worker.process.host: worker.clock_offset for worker in context.live_workers}
    offsets[hostname()] = time.time() - context.ledger.now()
    wrong = {host: offset for host, offset in sorted(offsets.items()) if abs(offset) > _OFFSET}
    ways = {host: "ahead of" if offset > 0 else "behind" for host, offset in wrong.items()}
    messages = [
        f"The clock of {host} is {describe_seconds(abs(offset))} {ways[host]} the database's."
        for host, offset in wrong.items()
    ]
    remedy = f"{_REMEDY} fileq goes by the database's, so that no job is harmed."
    return combine([warning(message, remedy) for message in messages], ok(""))


class ClockMonitor:
    """Compares the wall clock with one that nobody sets. To be asked once a minute or so."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = steady_time) -> None:
        self._wall = wall
        self._steady = steady
        self._difference = wall() - steady()

    def measure_jump(self) -> float | None:
        """Return by how many seconds the clock was set since the last call; None where that is at most 30."""
        before, self._difference = self._difference, self._wall() - self._steady()
        jump = self._difference - before
        return jump if abs(jump) > _JUMP else None

"""How much of the work is done and left, in seconds of one slot: what a bar and the time left are made of."""

import time
from collections.abc import Mapping, Sequence

import msgspec

from fileq.cli.work.costs import CostBook, WorkCosts
from fileq.ledger import Ledger
from fileq.ledger.job_group import Scope
from fileq.ledger.queries.work import EndedWork, WorkCount

_WINDOW = 30.0
"""Seconds that tell how fast it goes."""

_LEAST_ENDED = 4
"""Jobs that tell how long one takes: where fewer ended in the window, those before count too."""

_EVERY = 0.5
_SHARE_OF_TIME = 0.05
"""Looks take at most so much of the time: with a million jobs there are fewer."""

_MOST_OF_A_JOB = 0.9
"""A job that runs still is counted as done up to this share, however long it takes."""


_SHORTEST = 1e-3
"""No job takes less: a clock that was set back is no reason to expect that."""


class RunningWork(msgspec.Struct, frozen=True):
    """A job that runs: its recipe's fingerprint, its source's bytes, and for how many seconds it has run."""

    fingerprint: str
    size: int
    seconds: float


class WorkState(msgspec.Struct, frozen=True, kw_only=True):
    """The share of the work that is done, from 0 to 1, how fast it goes, and the seconds left; None: unknown."""

    share: float
    rate_per_minute: float
    seconds_left: float | None


class _Pace(msgspec.Struct, frozen=True):
    """How fast it goes: jobs a second, slots that are at work, and seconds as costs tell them by those really taken."""

    jobs: float
    slots: float
    speed: float


class WorkMeter:
    """Measures the work of a batch, or of all batches since `since`, in seconds since the epoch.

    All that it knows is in the ledger, so that whoever looks says the same, however long he has looked.
    """

    def __init__(self, ledger: Ledger, scope: Scope, since: float, book: CostBook | None = None) -> None:
        self._book = book or CostBook(ledger)
        self._ledger = ledger
        self._scope = scope
        self._since = since
        self._ended: Mapping[str, WorkCount] = {}
        self._left: Mapping[str, WorkCount] = {}
        self._recent: Sequence[EndedWork] = ()
        self._costs = WorkCosts()
        self._next_look = 0.0

    def restart(self, since: float) -> None:
        """Forget what was done before `since`, in seconds since the epoch; the costs that were learned stay."""
        self._since = since
        self._next_look = 0.0

    def measure(self, now: float, moment: float, running: Sequence[RunningWork]) -> WorkState:
        """Return how far the work is at the monotonic time `now`, `moment` since the epoch. Raises LedgerError."""
        if now >= self._next_look:
            self._look(now)
        ended, left = self._costs.total_seconds(self._ended), self._costs.total_seconds(self._left)
        partial = min(left, sum(self._done_of(one) for one in running))
        pace = self._pace(moment, running)
        return WorkState(
            share=(ended + partial) / (ended + left) if ended + left else 1.0,
            rate_per_minute=60 * pace.jobs,
            seconds_left=self._seconds_left(left - partial, running, pace),
        )

    def _look(self, now: float) -> None:
        begun = time.monotonic()
        self._ended, self._left = self._ledger.work.count_work(self._scope, self._since)
        self._recent = self._ledger.work.list_ended_work(self._scope)
        self._costs = self._book.costs(now)
        self._next_look = now + max(_EVERY, (time.monotonic() - begun) / _SHARE_OF_TIME)

    def _done_of(self, one: RunningWork) -> float:
        return min(one.seconds, _MOST_OF_A_JOB * self._cost(one))

    def _pace(self, moment: float, running: Sequence[RunningWork]) -> _Pace:
        """Return how fast it goes: so many slots are at work, and each does so much.

        A pause before the first job in the window is none of its time.
        """
        late = [work for work in self._recent if work.finished_at > moment - _WINDOW]
        begun = min([work.started_at for work in late] + [moment - one.seconds for one in running], default=moment)
        since = max(begun, moment - _WINDOW)
        span = moment - since
        busy = sum(max(0.0, work.finished_at - max(work.started_at, since)) for work in late)
        slots = (busy + sum(min(one.seconds, span) for one in running)) / span if span > 0 else float(len(running))
        examples = late if len(late) >= _LEAST_ENDED else self._recent[:_LEAST_ENDED]
        return _Pace(slots * _per_second(len(examples), examples), slots, self._speed(examples))

    def _speed(self, examples: Sequence[EndedWork]) -> float:
        """Return by what jobs were faster than their costs tell; where none has ended, costs are right or unknown."""
        done = [work for work in examples if work.is_done]
        if not done:
            return 1.0 if self._left and all(map(self._costs.is_known, self._left)) else 0.0
        return _per_second(sum(map(self._cost, done)), done)

    def _seconds_left(self, todo: float, running: Sequence[RunningWork], pace: _Pace) -> float | None:
        """Return the time that is left at this pace; not less than the longest running job needs still."""
        if pace.slots * pace.speed <= 0:
            return None
        longest = max((self._cost(one) / pace.speed - one.seconds for one in running), default=0.0)
        return max(todo / (pace.slots * pace.speed), longest, 0.0)

    def _cost(self, one: RunningWork | EndedWork) -> float:
        return self._costs.cost_of(one.fingerprint).seconds(1, one.size)


def _per_second(amount: float, examples: Sequence[EndedWork]) -> float:
    """Return how much of what these jobs are in sum one slot does in a second."""
    took = sum(max(_SHORTEST, work.finished_at - work.started_at) for work in examples)
    return amount / took if took else 0.0

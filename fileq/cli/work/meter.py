"""How much of the work is done and left, in seconds of one slot: what a bar and the time left are made of."""

import time
from collections import deque
from collections.abc import Mapping, Sequence

import msgspec

from fileq.cli.work.costs import CostBook, WorkCosts
from fileq.ledger import Ledger
from fileq.ledger.job_group import Scope
from fileq.ledger.queries.work import WorkCount

_WINDOW = 30.0
_LEAST_ENDED = 4
"""Jobs that must have ended in the window: where they take long, it is longer."""

_EVERY = 0.5
_SHARE_OF_TIME = 0.05
"""Looks take at most so much of the time: with a million jobs there are fewer."""

_MOST_OF_A_JOB = 0.9
"""A job that runs still is counted as done up to this share, however long it takes."""


class RunningWork(msgspec.Struct, frozen=True):
    """A job that runs: its recipe's fingerprint, its source's bytes, and for how many seconds it has run."""

    fingerprint: str
    size: int
    seconds: float


class WorkState(msgspec.Struct, frozen=True):
    """The share of the work that is done, from 0 to 1, and the seconds left; None where it is unknown."""

    share: float
    seconds_left: float | None


class _WorkLook(msgspec.Struct, frozen=True):
    moment: float
    ended: Mapping[str, WorkCount]
    partial: float
    """Seconds of one slot that running jobs had had."""


class WorkMeter:
    """Measures the work of a batch, or of all batches since `since`, in seconds since the epoch."""

    def __init__(self, ledger: Ledger, scope: Scope, since: float, book: CostBook | None = None) -> None:
        self._book = book or CostBook(ledger)
        self._ledger = ledger
        self._scope = scope
        self._since = since
        self._looks: deque[_WorkLook] = deque()
        self._left: Mapping[str, WorkCount] = {}
        self._costs = WorkCosts()
        self._next_look = 0.0

    def restart(self, since: float) -> None:
        """Forget what was done before `since`, in seconds since the epoch; the costs that were learned stay."""
        self._since = since
        self._looks.clear()
        self._next_look = 0.0

    def measure(self, now: float, running: Sequence[RunningWork]) -> WorkState:
        """Return how far the work is at the monotonic time `now`. Raises LedgerError."""
        partial = sum(self._done_of(one) for one in running)
        if now >= self._next_look:
            self._look(now, partial)
        last = self._looks[-1]
        ended, left = self._costs.total_seconds(last.ended), self._costs.total_seconds(self._left)
        todo = max(0.0, left - min(partial, left))
        share = (ended + min(partial, left)) / (ended + left) if ended + left else 1.0
        return WorkState(share, self._seconds_left(todo, running))

    def _look(self, now: float, partial: float) -> None:
        begun = time.monotonic()
        ended, self._left = self._ledger.work.count_work(self._scope, self._since)
        self._costs = self._book.costs(now)
        self._looks.append(_WorkLook(now, ended, partial))
        while len(self._looks) > 2 and self._is_old(self._looks[1], now):
            self._looks.popleft()
        self._next_look = now + max(_EVERY, (time.monotonic() - begun) / _SHARE_OF_TIME)

    def _is_old(self, look: _WorkLook, now: float) -> bool:
        return look.moment < now - _WINDOW and _jobs(self._looks[-1].ended) - _jobs(look.ended) >= _LEAST_ENDED

    def _done_of(self, one: RunningWork) -> float:
        whole = self._costs.cost_of(one.fingerprint).seconds(1, one.size)
        return min(one.seconds, _MOST_OF_A_JOB * whole)

    def _seconds_left(self, todo: float, running: Sequence[RunningWork]) -> float | None:
        """Return the time that is left at the speed of late; not less than the longest running job needs still."""
        first, last = self._looks[0], self._looks[-1]
        done = self._costs.total_seconds(last.ended) - self._costs.total_seconds(first.ended)
        speed = (done + last.partial - first.partial) / (last.moment - first.moment) if last is not first else 0.0
        if _jobs(last.ended) == _jobs(first.ended):  # nothing has ended yet: earlier jobs tell, if any do
            if not running or not all(map(self._costs.is_known, self._left)):
                return None
            speed = float(len(running))
        if speed <= 0:
            return None
        pace = len(running) / speed  # by which a slot is slower here than it was with earlier jobs
        longest = max((self._whole(one) * pace - one.seconds for one in running), default=0.0)
        return max(todo / speed, longest, 0.0)

    def _whole(self, one: RunningWork) -> float:
        return self._costs.cost_of(one.fingerprint).seconds(1, one.size)


def _jobs(work: Mapping[str, WorkCount]) -> int:
    return sum(count.jobs for count in work.values())

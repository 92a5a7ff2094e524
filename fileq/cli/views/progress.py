"""How fast it goes, and how long it will take. Pure: the clock is a parameter."""

from collections import deque
from collections.abc import Sequence

from fileq.display import Progress, SlotProgress
from fileq.job import JobState
from fileq.ledger.queries.overview import JobTally

_WINDOW = 30.0


class ProgressTracker:
    """Makes progress out of tallies. What had ended at the first one doesn't count, unless `whole`."""

    def __init__(self, first: JobTally, now: float, *, whole: bool = False) -> None:
        self._ended_before = 0 if whole else _ended(first)
        self._failed_before = 0 if whole else first.jobs[JobState.FAILED]
        self._samples = deque([(now, _ended(first))])

    def progress(
        self, tally: JobTally, now: float, *, slots: Sequence[SlotProgress] = (), paused: bool = False
    ) -> Progress:
        ended = _ended(tally)
        self._samples.append((now, ended))
        while len(self._samples) > 2 and self._samples[1][0] < now - _WINDOW:
            self._samples.popleft()
        rate = self._rate(now, ended)
        return Progress(
            ended=max(0, ended - self._ended_before),
            total=max(0, ended - self._ended_before) + tally.unfinished,
            failed=max(0, tally.jobs[JobState.FAILED] - self._failed_before),
            rate_per_minute=rate,
            seconds_left=tally.unfinished / rate * 60 if rate and not paused else None,
            slots=slots,
            paused=paused,
        )

    def _rate(self, now: float, ended: int) -> float:
        """Jobs a minute over the last half minute."""
        since, before = self._samples[0]
        return max(0, ended - before) / (now - since) * 60 if now > since else 0.0


def _ended(tally: JobTally) -> int:
    return tally.total - tally.unfinished

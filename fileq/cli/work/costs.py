"""What jobs cost: seconds as a straight line over the bytes of their source, learned by recipe from earlier jobs."""

from collections.abc import Mapping, Sequence

import msgspec

from fileq.ledger import Ledger
from fileq.ledger.queries.work import WorkCount, WorkSample

_FEW = 4
"""With fewer jobs, a straight line through them says nothing."""

_LITTLE_VARIETY = 0.05
"""Variance of the sizes over their squared mean, below which they are as good as the same size."""

_FIXED_SHARE = 0.1
"""Of what a job takes where all were as large: so much is taken to be the same for each, whatever its size."""


_LEARN_EVERY = 2.0


class RecipeCost(msgspec.Struct, frozen=True, kw_only=True):
    """What a job of one recipe takes: seconds for each, and seconds for each byte; and outputs' bytes for each byte."""

    per_job: float
    per_byte: float
    shrinking: float = 1.0
    samples: int = 0

    def seconds(self, jobs: int, bytes_: float) -> float:
        """Return the seconds of one slot that so many jobs take, of so many bytes in all."""
        return self.per_job * jobs + self.per_byte * bytes_


UNKNOWN = RecipeCost(per_job=0.01, per_byte=5e-8)
"""Of a recipe that never ran: it serves to compare its jobs with each other."""


class WorkCosts:
    """The costs of all recipes that ran lately, by their fingerprints."""

    def __init__(self, samples: Sequence[WorkSample] = ()) -> None:
        self._costs = {sample.fingerprint: fit_cost(sample) for sample in samples}
        self._mean = _mean_cost(samples)

    def cost_of(self, fingerprint: str) -> RecipeCost:
        """Return the cost of a recipe; where it is unknown, that of all together."""
        return self._costs.get(fingerprint, self._mean)

    def is_known(self, fingerprint: str) -> bool:
        """Return whether jobs of this recipe were done lately."""
        return fingerprint in self._costs

    def total_seconds(self, work: Mapping[str, WorkCount]) -> float:
        """Return the seconds of one slot that all of this takes."""
        return sum(self.cost_of(key).seconds(count.jobs, count.bytes) for key, count in work.items())


class CostBook:
    """The costs as the ledger knows them, read again now and then."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._costs = WorkCosts()
        self._next_look = float("-inf")

    def costs(self, now: float) -> WorkCosts:
        """Return the costs at the monotonic time `now`, or a moment before. Raises LedgerError."""
        if now >= self._next_look:
            self._costs = WorkCosts(self._ledger.work.sample_work())
            self._next_look = now + _LEARN_EVERY
        return self._costs


def fit_cost(sample: WorkSample) -> RecipeCost:
    """Return the least squares' line through the jobs of a recipe, with no part of it below 0."""
    jobs, total = sample.jobs, max(sample.bytes, 1.0)
    spread = jobs * sample.bytes_squared - sample.bytes**2
    per_byte = (1 - _FIXED_SHARE) * sample.seconds / total
    per_job = _FIXED_SHARE * sample.seconds / jobs
    if jobs >= _FEW and spread > _LITTLE_VARIETY * sample.bytes**2:
        per_byte = (jobs * sample.bytes_by_seconds - sample.bytes * sample.seconds) / spread
        per_job = (sample.seconds - per_byte * sample.bytes) / jobs
        if per_byte < 0:
            per_job, per_byte = sample.seconds / jobs, 0.0
        elif per_job < 0:
            per_job, per_byte = 0.0, sample.seconds / total
    return RecipeCost(per_job=per_job, per_byte=per_byte, shrinking=sample.bytes_out / total, samples=jobs)


def _mean_cost(samples: Sequence[WorkSample]) -> RecipeCost:
    total, seconds = sum(sample.bytes for sample in samples), sum(sample.seconds for sample in samples)
    if total <= 0 or seconds <= 0:
        return UNKNOWN
    jobs = sum(sample.jobs for sample in samples)
    return RecipeCost(per_job=_FIXED_SHARE * seconds / jobs, per_byte=(1 - _FIXED_SHARE) * seconds / total)

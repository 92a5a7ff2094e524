"""Progress and the time left by the work that there is, and not by the number of jobs."""

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from fileq.cli.work.costs import WorkCosts, fit_cost
from fileq.cli.work.meter import RunningWork, WorkMeter
from fileq.ledger.queries.work import EndedWork, WorkCount, WorkSample

SMALL, LARGE = 60_000, 2_400_000


def sample(jobs, *, fingerprint="avif"):
    """The sums over jobs, each a size in bytes and its seconds."""
    return WorkSample(
        fingerprint=fingerprint,
        jobs=len(jobs),
        bytes=sum(size for size, _ in jobs),
        seconds=sum(took for _, took in jobs),
        bytes_squared=sum(size * size for size, _ in jobs),
        bytes_by_seconds=sum(size * took for size, took in jobs),
        bytes_out=sum(size for size, _ in jobs) / 2,
    )


class Work:
    """60 small jobs and then 8 large ones, in one slot: each takes 10 s for a megabyte."""

    def __init__(self):
        self.jobs = [(SMALL, SMALL * 1e-5)] * 60 + [(LARGE, LARGE * 1e-5)] * 8
        self.total = sum(took for _, took in self.jobs)
        self.now = 0.0

    def _ended(self):
        clock, ended = 0.0, 0
        for _, took in self.jobs:
            clock += took
            ended += clock <= self.now + 1e-9
        return ended

    def running(self):
        ended = self._ended()
        begun = sum(took for _, took in self.jobs[:ended])
        return [RunningWork("avif", self.jobs[ended][0], self.now - begun)] if ended < len(self.jobs) else []

    def count_work(self, batch_id, since):
        ended = self._ended()
        counts = (
            WorkCount(len(part), sum(size for size, _ in part)) for part in (self.jobs[:ended], self.jobs[ended:])
        )
        return tuple({"avif": count} if count.jobs else {} for count in counts)

    def list_ended_work(self, batch_id):
        clock, ended = 0.0, []
        for size, took in self.jobs[: self._ended()]:
            ended.append(
                EndedWork(fingerprint="avif", size=size, started_at=clock, finished_at=clock + took, is_done=True)
            )
            clock += took
        return ended[::-1]

    def sample_work(self):
        ended = self.jobs[: self._ended()]
        return [sample(ended)] if ended else []


def meter_of(work):
    ledger: Any = SimpleNamespace(work=work)
    return WorkMeter(ledger, 1, 0.0)


def test_many_small_jobs_before_a_few_large_ones_are_not_taken_for_most_of_the_work():
    work = Work()
    meter = meter_of(work)
    for step in range(int(work.total)):
        work.now = float(step)
        state = meter.measure(work.now, work.now, work.running())
        if step >= 10:
            assert state.seconds_left is not None
            assert state.seconds_left == pytest.approx(work.total - step, rel=0.35, abs=6)
            assert state.share == pytest.approx(step / work.total, abs=0.1)


def test_the_share_never_is_all_before_the_end_nor_falls_by_much():
    work = Work()
    meter = meter_of(work)
    shares = []
    for step in range(int(work.total)):
        work.now = float(step)
        shares.append(meter.measure(work.now, work.now, work.running()).share)
    assert max(shares) < 1
    assert all(after > before - 0.05 for before, after in pairwise(shares))


def test_the_time_left_is_unknown_before_anything_has_ended_of_a_recipe_that_never_ran():
    work = Work()
    assert meter_of(work).measure(0.0, 0.0, work.running()).seconds_left is None


def test_earlier_jobs_tell_the_time_left_before_anything_has_ended():
    work = Work()
    work.sample_work = lambda: [sample(work.jobs)]  # type: ignore[method-assign]
    assert meter_of(work).measure(0.0, 0.0, work.running()).seconds_left == pytest.approx(work.total, rel=0.01)


def test_who_looks_for_the_first_time_says_what_all_others_do():
    work = Work()
    old = meter_of(work)
    for step in range(0, 120, 2):
        work.now = float(step)
        known = old.measure(work.now, work.now, work.running())
    assert meter_of(work).measure(work.now, work.now, work.running()) == known


def test_the_rate_is_that_of_the_jobs_of_late_and_of_the_slots_that_are_at_work():
    work = Work()
    work.now = 30.0
    assert meter_of(work).measure(30.0, 30.0, work.running()).rate_per_minute == pytest.approx(100, rel=0.05)
    two = [*work.running(), RunningWork("avif", SMALL, 30.0)]
    assert meter_of(work).measure(30.0, 30.0, two).rate_per_minute == pytest.approx(200, rel=0.05)


def test_a_pause_before_is_none_of_the_time():
    work = Work()
    work.now = 6.0
    before = meter_of(work).measure(6.0, 6.0, work.running())
    again = meter_of(work).measure(1000.0, 1000.0, [RunningWork("avif", SMALL, 0.3)])
    assert again.seconds_left == pytest.approx(before.seconds_left, rel=0.05)
    assert meter_of(work).measure(1000.0, 1000.0, []).seconds_left is None


def test_costs_are_a_straight_line_through_the_jobs():
    cost = fit_cost(sample([(size, 0.5 + size * 1e-6) for size in (100_000, 400_000, 900_000, 3_000_000)]))
    assert cost.per_job == pytest.approx(0.5)
    assert cost.per_byte == pytest.approx(1e-6)
    assert cost.shrinking == pytest.approx(0.5)


@pytest.mark.parametrize(
    "jobs",
    [[(1000, 1.0)], [(1000, 1.0)] * 9, [(1000, 5.0), (2000, 4.0), (3000, 3.0), (4000, 2.0)], [(0, 1.0)] * 5],
)
def test_no_part_of_a_cost_is_below_0_and_together_they_are_what_was_measured(jobs):
    cost = fit_cost(sample(jobs))
    assert min(cost.per_job, cost.per_byte) >= 0
    if any(size for size, _ in jobs):
        assert cost.seconds(len(jobs), sum(size for size, _ in jobs)) == pytest.approx(sum(took for _, took in jobs))


def test_a_recipe_that_never_ran_costs_what_all_others_do():
    costs = WorkCosts([sample([(1000, 2.0)], fingerprint="web")])
    assert not costs.is_known("new")
    assert costs.cost_of("new").seconds(1, 1000) == pytest.approx(2.0)

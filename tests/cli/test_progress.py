"""How fast it goes, and how long it will take."""

from typing import Any

from fileq.cli.work.meter import WorkState
from fileq.cli.work.progress import ProgressTracker
from fileq.job import JobState
from fileq.ledger.queries.overview import JobTally


def tally(queued=0, done=0, failed=0):
    jobs = dict.fromkeys(JobState, 0) | {JobState.QUEUED: queued, JobState.DONE: done, JobState.FAILED: failed}
    return JobTally(jobs=jobs, bytes_in=0, bytes_out=0, outputs=0)


class Meter:
    def measure(self, now, moment, running):
        return WorkState(share=0.1, rate_per_minute=120.0, seconds_left=45.0)

    def restart(self, since):
        """It has nothing to forget."""


def tracker(first, **options):
    meter: Any = Meter()
    return ProgressTracker(first, 0.0, meter, **options)


def test_rate_and_time_left_are_those_of_the_meter():
    progress = tracker(tally(queued=100), whole=True).progress(tally(queued=90, done=8, failed=2), 5.0)
    assert (progress.ended, progress.total, progress.failed) == (10, 100, 2)
    assert (progress.rate_per_minute, progress.seconds_left, progress.share) == (120.0, 45.0, 0.1)


def test_no_time_is_left_that_anybody_knows_where_all_is_paused_or_no_worker_is_there():
    pace = tracker(tally(queued=100), whole=True)
    assert pace.progress(tally(queued=90, done=10), 6.0, paused=True).seconds_left is None
    alone = pace.progress(tally(queued=90, done=10), 7.0, has_worker=False)
    assert (alone.seconds_left, alone.rate_per_minute, alone.share) == (None, 0.0, 0.1)


def test_what_had_ended_before_does_not_count_for_a_worker():
    pace = tracker(tally(queued=5, done=1000, failed=50))
    progress = pace.progress(tally(queued=3, done=1001, failed=51), 1.0)
    assert (progress.ended, progress.total, progress.failed) == (2, 5, 1)

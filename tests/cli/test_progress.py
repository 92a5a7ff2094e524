"""How fast it goes, and how long it will take."""

from fileq.cli.work.progress import ProgressTracker
from fileq.job import JobState
from fileq.ledger.queries.overview import JobTally


def tally(queued=0, done=0, failed=0):
    jobs = dict.fromkeys(JobState, 0) | {JobState.QUEUED: queued, JobState.DONE: done, JobState.FAILED: failed}
    return JobTally(jobs=jobs, bytes_in=0, bytes_out=0, outputs=0)


def test_the_rate_is_that_of_the_last_half_minute():
    pace = ProgressTracker(tally(queued=1000), 0.0, whole=True)
    for second in range(1, 101):
        progress = pace.progress(tally(queued=1000 - second, done=second), float(second))
    assert round(progress.rate_per_minute) == 60
    for second in range(101, 201):
        progress = pace.progress(tally(queued=900, done=100), float(second))
    assert progress.rate_per_minute == 0
    assert progress.seconds_left is None


def test_the_time_left_follows_from_the_rate():
    pace = ProgressTracker(tally(queued=100), 0.0, whole=True)
    progress = pace.progress(tally(queued=90, done=8, failed=2), 5.0)
    assert (progress.ended, progress.total, progress.failed) == (10, 100, 2)
    assert progress.seconds_left == 45.0
    assert pace.progress(tally(queued=90, done=10), 6.0, paused=True).seconds_left is None


def test_what_had_ended_before_does_not_count_for_a_worker():
    pace = ProgressTracker(tally(queued=5, done=1000, failed=50), 0.0)
    progress = pace.progress(tally(queued=3, done=1001, failed=51), 1.0)
    assert (progress.ended, progress.total, progress.failed) == (2, 5, 1)

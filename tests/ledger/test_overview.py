"""What the ledger answers, and that its sums are those of its jobs whatever was done to them."""

from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fileq.errors import ErrorKind
from fileq.job import JobState, Token
from fileq.ledger import open_ledger
from fileq.ledger.columns import read_row
from fileq.ledger.queries.overview import EndedJobs, JobSelection, JobTally
from tests.support.jobs import DAMAGED, ENDINGS, NOW, SLOW, begin, claim_one, enter, finish, recipe
from tests.support.ledgers import ask


def counted(ledger, batch=None):
    """The tally as it is found by looking at every job."""
    jobs = [job for job in ledger.overview.list_jobs(JobSelection()) if batch in (None, job.batch_id)]
    (sums,) = ask(
        ledger,
        "select coalesce(sum(size), 0), coalesce(sum(bytes_out), 0), coalesce(sum(outputs), 0) from jobs"
        " where state = 'done' and purged_at is null and (cast(? as bigint) is null or batch_id = ?)",
        batch,
        batch,
    )
    return read_row(JobTally, ({state: sum(job.state is state for job in jobs) for state in JobState}, *sums))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["enter", "claim", "cancel", "retry", "again", "forget", "delete", *ENDINGS]), st.integers(0, 7)
    ),
    max_size=40,
)


def step(ledger, tokens, what, number):
    """One thing that may happen to the job of this number, where it can."""
    job = number + 1
    if what == "enter":
        enter(ledger, f"/{number}", size=1000 + number)
    elif what == "claim" and (claim := claim_one(ledger, job, 1, NOW + 100)):
        tokens[job] = claim.token
    elif what == "cancel":
        ledger.jobs.cancel_jobs([job], NOW)
        tokens.pop(job, None)
    elif what == "retry":
        ledger.jobs.retry_jobs([job])
    elif what == "again":
        ledger.jobs.requeue_job(job, ledger.batches.insert_batch("fileq", NOW), NOW, recipe_id=1)
    elif what == "forget":
        ledger.tombstones.purge_jobs([job], [], NOW, ended=NOW + 1, seen=NOW)
    elif what == "delete":
        ledger.tombstones.purge_jobs([], [job], NOW, ended=NOW + 1, seen=NOW + 1)
    elif what in ENDINGS and job in tokens:
        ENDINGS[what](ledger, tokens.pop(job))


@settings(max_examples=50, deadline=None)
@given(steps=STEPS)
def test_the_sums_are_those_of_the_jobs_whatever_happened(steps):
    with TemporaryDirectory() as folder, open_ledger(f"{folder}/fileq.db") as ledger:
        tokens: dict[int, Token] = {}
        for what, number in steps:
            step(ledger, tokens, what, number)
        assert ledger.overview.tally_jobs() == counted(ledger)
        for batch in range(1, 5):
            assert ledger.overview.tally_jobs(batch) == counted(ledger, batch)


def test_a_tally_counts_bytes_and_outputs_of_what_is_done(ledger):
    one, two, three = enter(ledger, "a", "b", "c")
    finish(ledger, begin(ledger, one), outputs=2, bytes_out=70)
    ledger.attempts.fail_attempt(begin(ledger, two), DAMAGED, NOW)
    tally = ledger.overview.tally_jobs(1)
    assert (tally.bytes_in, tally.bytes_out, tally.outputs) == (1000, 70, 2)
    assert (tally.total, tally.unfinished) == (3, 1)
    assert ledger.overview.list_job_ids(JobSelection(states=(JobState.QUEUED,))) == [three]


def test_a_forgotten_job_that_is_looked_at_or_added_again_takes_nothing_from_the_sums(ledger):
    one, *others = enter(ledger, "a", "b", "c")
    for job in (one, *others):
        finish(ledger, begin(ledger, job))
    for now in (NOW + 2, NOW + 4):
        ledger.tombstones.purge_jobs([one], [], now, ended=NOW + 1, seen=now)
    assert ledger.overview.tally_jobs(1) == counted(ledger, 1)
    assert ledger.overview.tally_jobs(1).total == len(others)
    ledger.jobs.requeue_job(one, ledger.batches.insert_batch("fileq", NOW), NOW, recipe_id=1)
    assert ledger.overview.tally_jobs(1) == counted(ledger, 1)
    assert ledger.overview.tally_jobs(2) == counted(ledger, 2)


def test_a_batch_that_is_not_there_has_nothing(ledger):
    assert ledger.overview.tally_jobs(99) == JobTally(
        jobs=dict.fromkeys(JobState, 0), bytes_in=0, bytes_out=0, outputs=0
    )


def test_jobs_are_listed_newest_first_and_no_more_than_asked(ledger):
    jobs = enter(ledger, *"abcd")
    assert [job.id for job in ledger.overview.list_jobs(JobSelection())] == jobs[::-1]
    assert [job.id for job in ledger.overview.list_jobs(JobSelection(), 2)] == jobs[:1:-1]
    assert list(ledger.overview.list_jobs(JobSelection(), 0)) == []


@pytest.mark.parametrize(
    ("selection", "meant"),
    [
        (JobSelection(), [1, 2, 3, 4]),
        (JobSelection(states=(JobState.FAILED, JobState.QUEUED)), [1, 2, 4]),
        (JobSelection(batch_id=2), [4]),
        (JobSelection(recipe_name="large"), [4]),
        (JobSelection(error_kind=ErrorKind.TIMEOUT), [2]),
        (
            JobSelection(states=(JobState.FAILED,), batch_id=1, recipe_name="small", error_kind=ErrorKind.UNREADABLE),
            [1],
        ),
        (JobSelection(recipe_name="unheard of"), []),
    ],
)
def test_a_selection_means_the_jobs_that_it_says(ledger, selection, meant):
    one, two, three = enter(ledger, *"abc")
    enter(ledger, "d", wanted=recipe("large"))
    ledger.attempts.fail_attempt(begin(ledger, one), DAMAGED, NOW)
    ledger.attempts.fail_attempt(begin(ledger, two), SLOW, NOW)
    finish(ledger, begin(ledger, three))
    assert ledger.overview.list_job_ids(selection) == meant
    assert [job.id for job in ledger.overview.list_jobs(selection)] == meant[::-1]


def test_what_runs_is_told_with_its_worker(ledger):
    one, _ = enter(ledger, "/a", "/b")
    begin(ledger, one, worker=4, now=NOW + 1)
    (running,) = ledger.overview.list_running_jobs()
    assert (running.job_id, running.worker_id, running.source, running.recipe_name) == (one, 4, "/a", "small")
    assert running.started_at == NOW + 1


def test_what_ended_since_a_moment_is_counted_well_or_not(ledger):
    one, two, three = enter(ledger, *"abc")
    finish(ledger, begin(ledger, one), now=NOW + 1)
    ledger.attempts.fail_attempt(begin(ledger, two), DAMAGED, NOW + 2)
    begin(ledger, three)
    assert [ledger.overview.count_finished_jobs(NOW + after) for after in (0, 1, 2)] == [2, 1, 0]
    assert ledger.overview.count_finished_jobs(NOW, batch_id=99) == 0


def test_a_job_that_is_not_there_is_none(ledger):
    assert ledger.overview.find_job(1) is None
    assert ledger.overview.list_attempts(1) == []


def test_what_workers_have_ended_is_counted_of_the_latest_jobs_and_since_when(ledger, monkeypatch):
    for number, job in enumerate(enter(ledger, *"abcdef")):
        finish(ledger, begin(ledger, job, worker=1 + number % 2), NOW + number)
    assert ledger.overview.count_ended_by_worker(NOW + 1) == EndedJobs(since=NOW + 1, by_worker={1: 2, 2: 2})
    monkeypatch.setattr("fileq.ledger.queries.overview._LATEST", 3)
    assert ledger.overview.count_ended_by_worker(NOW) == EndedJobs(since=NOW + 3, by_worker={1: 1, 2: 2})

from fileq.errors import ErrorKind
from fileq.ledger import opened
from fileq.ledger.tables.pending_events import Cause, Ended, Example, Waiting
from tests.support.jobs import DAMAGED, NOW, SLOW, begin, enter, finish


def fail(ledger, job, failure=DAMAGED, now=NOW):
    ledger.jobs.fail(begin(ledger, job), failure, now)


def test_a_batch_ends_once_when_nothing_of_it_is_left_to_do(ledger, database):
    first, second = enter(ledger, "a", "b")
    finish(ledger, begin(ledger, first))
    assert not ledger.news.any()
    assert ledger.news.ended("fileq") == []
    ledger.jobs.cancel([second], NOW)
    assert ledger.news.any()
    with opened(database) as other:
        assert [one.news.ended("fileq") for one in (other, ledger)] == [[Ended(1, unwatched=True)], []]
    assert not ledger.news.any()


def test_a_batch_of_a_watched_folder_or_of_a_run_is_not_unwatched_also_after_it_was_handed_over(ledger):
    (alone,) = enter(ledger, "a", queue="run-1")
    ledger.batches.hand_over("run-1", to="fileq")
    (own,) = enter(ledger, "b", queue="run-2")
    batch = ledger.batches.open("fileq", NOW, 7)
    for job in (alone, own):
        finish(ledger, begin(ledger, job))
    assert ledger.news.ended("fileq") == [Ended(number, unwatched=False) for number in (1, 2, batch)]


def test_a_batch_that_gets_more_or_is_retried_ends_again(ledger):
    (job,) = enter(ledger)
    fail(ledger, job)
    assert ledger.news.ended("fileq")
    ledger.batches.reopen(1)
    assert ledger.news.ended("fileq")
    ledger.jobs.retry([job])
    assert ledger.news.ended("fileq") == []
    finish(ledger, begin(ledger, job))
    assert ledger.news.ended("fileq")


def test_failed_jobs_wait_to_be_told_until_they_are_or_are_queued_again(ledger):
    first, second, third = enter(ledger, "a", "b", "c")
    assert ledger.news.waiting() is None
    fail(ledger, first, now=NOW + 5)
    fail(ledger, second, SLOW, now=NOW + 3)
    assert ledger.news.waiting() == Waiting(NOW + 3, goes_on=True)
    assert ledger.news.untold(1) == [Example("b", SLOW.message)]
    assert ledger.news.untold_causes() == [
        Cause(ErrorKind.TIMEOUT, 1, SLOW.hint), Cause(ErrorKind.UNREADABLE, 1, DAMAGED.hint),
    ]  # fmt: skip
    finish(ledger, begin(ledger, third))
    ledger.jobs.retry([first])
    ledger.jobs.enter_again(second, ledger.batches.open("fileq", NOW), NOW, recipe=1)
    assert ledger.news.waiting() is None
    fail(ledger, first)
    ledger.news.told_of_failures()
    assert ledger.news.waiting() is None


def test_failures_can_be_told_by_their_batches(ledger):
    for source in ("a", "b"):
        fail(ledger, *enter(ledger, source))
    ledger.news.told_of_failures([1])
    assert ledger.news.untold(10) == [Example("b", DAMAGED.message)]
    assert ledger.news.causes([1, 2]) == [Cause(ErrorKind.UNREADABLE, 2, DAMAGED.hint)]


def test_a_look_for_news_reads_no_job_that_has_none(ledger):
    jobs = enter(ledger, *(f"/photos/{number}.jpg" for number in range(2000)))
    with ledger.transaction():
        for job in jobs:
            finish(ledger, begin(ledger, job))
    ledger.news.ended("fileq")
    steps = 0

    def count():
        nonlocal steps
        steps += 1

    ledger.database.connection.set_progress_handler(count, 10)
    assert not ledger.news.any()
    assert ledger.news.waiting() is None
    assert ledger.news.ended("fileq") == []
    assert steps < 20, "of ten operations of SQLite's machine each"

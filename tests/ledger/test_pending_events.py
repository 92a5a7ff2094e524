from fileq.errors import ErrorKind
from fileq.ledger import open_ledger
from fileq.ledger.tables.sources.pending_events import CauseCount, EndedBatch, FailureExample, UnreportedFailures
from tests.support.jobs import DAMAGED, NOW, SLOW, begin, enter, finish


def fail(ledger, job, failure=DAMAGED, now=NOW):
    ledger.attempts.fail_attempt(begin(ledger, job), failure, now)


def test_a_batch_ends_once_when_nothing_of_it_is_left_to_do(ledger, database):
    first, second = enter(ledger, "a", "b")
    finish(ledger, begin(ledger, first))
    assert not ledger.pending_events.has_events()
    assert ledger.pending_events.take_ended_batches("fileq") == []
    ledger.jobs.cancel_jobs([second], NOW)
    assert ledger.pending_events.has_events()
    with open_ledger(database) as other:
        assert [one.pending_events.take_ended_batches("fileq") for one in (other, ledger)] == [
            [EndedBatch(1, unwatched=True)],
            [],
        ]
    assert not ledger.pending_events.has_events()


def test_a_batch_of_a_watched_folder_or_of_a_run_is_not_unwatched_also_after_it_was_handed_over(ledger):
    (alone,) = enter(ledger, "a", queue="run-1")
    ledger.batches.move_queue("run-1", to="fileq")
    (own,) = enter(ledger, "b", queue="run-2")
    batch = ledger.batches.insert_batch("fileq", NOW, 7)
    for job in (alone, own):
        finish(ledger, begin(ledger, job))
    assert ledger.pending_events.take_ended_batches("fileq") == [
        EndedBatch(number, unwatched=False) for number in (1, 2, batch)
    ]


def test_a_batch_that_gets_more_or_is_retried_ends_again(ledger):
    (job,) = enter(ledger)
    fail(ledger, job)
    assert ledger.pending_events.take_ended_batches("fileq")
    ledger.batches.reopen_batch(1)
    assert ledger.pending_events.take_ended_batches("fileq")
    ledger.jobs.retry_jobs([job])
    assert ledger.pending_events.take_ended_batches("fileq") == []
    finish(ledger, begin(ledger, job))
    assert ledger.pending_events.take_ended_batches("fileq")


def test_failed_jobs_wait_to_be_told_until_they_are_or_are_queued_again(ledger):
    first, second, third = enter(ledger, "a", "b", "c")
    assert ledger.pending_events.find_unreported_failures() is None
    fail(ledger, first, now=NOW + 5)
    fail(ledger, second, SLOW, now=NOW + 3)
    assert ledger.pending_events.find_unreported_failures() == UnreportedFailures(NOW + 3, goes_on=True)
    assert ledger.pending_events.list_unreported_failures(1) == [FailureExample("b", SLOW.message)]
    assert ledger.pending_events.count_unreported_causes() == [
        CauseCount(ErrorKind.TIMEOUT, 1, SLOW.hint), CauseCount(ErrorKind.UNREADABLE, 1, DAMAGED.hint),
    ]  # fmt: skip
    finish(ledger, begin(ledger, third))
    ledger.jobs.retry_jobs([first])
    ledger.jobs.requeue_job(second, ledger.batches.insert_batch("fileq", NOW), NOW, recipe_id=1)
    assert ledger.pending_events.find_unreported_failures() is None
    fail(ledger, first)
    ledger.pending_events.mark_failures_notified()
    assert ledger.pending_events.find_unreported_failures() is None


def test_failures_can_be_told_by_their_batches(ledger):
    for source in ("a", "b"):
        fail(ledger, *enter(ledger, source))
    ledger.pending_events.mark_failures_notified([1])
    assert ledger.pending_events.list_unreported_failures(10) == [FailureExample("b", DAMAGED.message)]
    assert ledger.pending_events.count_causes([1, 2]) == [CauseCount(ErrorKind.UNREADABLE, 2, DAMAGED.hint)]

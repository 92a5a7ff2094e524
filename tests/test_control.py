import pytest

from fileq import control, queue
from fileq.job import JobState
from fileq.ledger.tables.jobs import QueueEntry
from tests.support.jobs import DAMAGED, NOW, SLOW, begin, enter, state


def jobs_sent(ledger, name=queue.MAIN):
    """The jobs that have a message in this queue, most urgent first."""
    rows = ledger.database.connection.execute(
        "select json_extract(data, '$.args[0]') from task where queue = ? order by priority desc, id", (name,)
    )
    return [job for (job,) in rows]


def test_what_failed_is_queued_again_with_a_message(ledger):
    one, two = enter(ledger, "a", "b")
    ledger.attempts.fail_attempt(begin(ledger, one), DAMAGED, NOW)
    assert len(control.retry_jobs(ledger, [one, two, 99], NOW)) == 1
    assert state(ledger, one) is JobState.QUEUED
    assert jobs_sent(ledger) == [one]


def test_a_retried_job_goes_through_the_queue_of_its_batch_with_its_priority(ledger):
    (low,) = enter(ledger, "a", queue="run-1")
    (high,) = enter(ledger, "b", queue="run-1", priority=5)
    (main,) = enter(ledger, "c")
    ledger.jobs.cancel_jobs([low, high, main], NOW)
    assert len(control.retry_jobs(ledger, [low, high, main], NOW)) == 3
    assert (jobs_sent(ledger, "run-1"), jobs_sent(ledger)) == ([high, low], [main])


def test_a_retry_of_what_was_to_be_done_later_is_done_now(ledger):
    (job,) = enter(ledger, due_at=NOW + 1000)
    control.cancel_jobs(ledger, [job], NOW)
    control.retry_jobs(ledger, [job], NOW)
    assert jobs_sent(ledger) == [job]
    assert begin(ledger, job)


def test_cancelling_tells_how_many_had_not_ended(ledger):
    one, two, three = enter(ledger, "a", "b", "c")
    begin(ledger, two)
    ledger.attempts.fail_attempt(begin(ledger, three), DAMAGED, NOW)
    assert len(control.cancel_jobs(ledger, [one, two, three], NOW)) == 2
    assert [state(ledger, job) for job in (one, two, three)] == [
        JobState.CANCELLED, JobState.CANCELLED, JobState.FAILED,
    ]  # fmt: skip


def test_an_empty_queue_gets_all_that_the_ledger_has_for_it(ledger):
    one, two = enter(ledger, "a", "b")
    (waiting,) = enter(ledger, "c", priority=1)
    ledger.attempts.retry_attempt_later(begin(ledger, waiting), SLOW, NOW + 10, NOW)
    assert control.resend_jobs(ledger, queue.MAIN, NOW) == 2
    assert jobs_sent(ledger) == [one, two]


def test_what_waits_is_sent_when_it_is_due(ledger):
    (job,) = enter(ledger)
    ledger.attempts.retry_attempt_later(begin(ledger, job), SLOW, NOW + 10, NOW)
    assert control.resend_jobs(ledger, queue.MAIN, NOW + 9) == 0
    assert control.resend_jobs(ledger, queue.MAIN, NOW + 10) == 1
    assert jobs_sent(ledger) == [job]


def test_what_has_a_message_gets_no_other_and_what_has_none_comes_before_it(ledger):
    one, two, urgent = enter(ledger, "a", "b") + enter(ledger, "c", priority=1)
    queue.send(
        ledger,
        queue.MAIN,
        [
            QueueEntry(job_id=one, priority=0, due_at=None, size=0),
            QueueEntry(job_id=urgent, priority=1, due_at=None, size=0),
        ],
        NOW,
    )
    assert control.resend_jobs(ledger, queue.MAIN, NOW) == 1
    assert control.resend_jobs(ledger, queue.MAIN, NOW) == 0
    assert jobs_sent(ledger) == [urgent, two, one]


def test_a_message_in_the_schedule_is_one(ledger):
    enter(ledger, "a", due_at=NOW + 5)
    queue.send(ledger, queue.MAIN, [QueueEntry(job_id=1, priority=0, due_at=NOW + 5, size=0)], NOW)
    assert control.resend_jobs(ledger, queue.MAIN, NOW + 100) == 0
    ledger.database.connection.execute("delete from schedule")
    assert control.resend_jobs(ledger, queue.MAIN, NOW + 100) == 1


def test_what_a_slot_has_taken_is_left_to_it_for_a_minute_unless_the_clock_went_back(ledger):
    (job,) = enter(ledger, "a")
    queue.send(ledger, queue.MAIN, [QueueEntry(job_id=job, priority=0, due_at=None, size=0)], NOW)
    ledger.messages.take_message(queue.MAIN, NOW)
    assert control.resend_jobs(ledger, queue.MAIN, NOW + 59) == 0
    assert control.resend_jobs(ledger, queue.MAIN, NOW + 60) == 1
    ledger.messages.take_message(queue.MAIN, NOW + 60)
    assert control.resend_jobs(ledger, queue.MAIN, NOW - 1) == 1


def test_more_than_goes_into_one_transaction_is_sent(ledger, monkeypatch):
    monkeypatch.setattr(control, "_AT_ONCE", 10)
    enter(ledger, *map(str, range(35)))
    assert control.resend_jobs(ledger, queue.MAIN, NOW) == 35
    assert control.resend_jobs(ledger, queue.MAIN, NOW) == 0


@pytest.mark.parametrize("data", [b"\x80\x04\xff", b"", b"{", b"[1]", b'{"args": [[1], {"a": 2}, "x", null, 9e99]}'])
def test_what_is_no_message_of_ours_disturbs_nothing(ledger, data):
    (job,) = enter(ledger)
    ledger.messages.insert_messages(queue.MAIN, [(data, 0)])
    ledger.messages.schedule_messages(queue.MAIN, [(data, NOW)])
    ledger.messages.move_due_messages(queue.MAIN, NOW)
    assert [ledger.messages.take_message(queue.MAIN, NOW) for _ in range(3)] == [data, data, None]
    assert [due.job_id for due in ledger.jobs.filter_unsent_jobs([job])] == [job]


def test_a_queue_gets_only_its_own(ledger):
    (job,) = enter(ledger, "a", queue="run-1")
    assert control.resend_jobs(ledger, queue.MAIN, NOW) == 0
    assert control.resend_jobs(ledger, "run-1", NOW) == 1
    assert jobs_sent(ledger, "run-1") == [job]

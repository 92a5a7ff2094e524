"""Whether somebody comes to each job that is due."""

import pytest

from fileq import queue
from fileq.health.check import CheckState
from fileq.ledger.tables.jobs import QueueEntry
from tests.support.jobs import DAMAGED, NOW, begin, enter, finish


def send(ledger, *jobs):
    queue.send(ledger, queue.MAIN, [QueueEntry(job_id=job, priority=0, due_at=None, size=1) for job in jobs], NOW)


def overtaken(checked, later, *, earlier=0, priority=0):
    """A job that waits, and so many later and earlier ones that ended; now is 11 minutes after all came."""
    ledger = checked.ledger
    before = enter(ledger, *(f"before {number}" for number in range(earlier))) if earlier else []
    (waiting,) = enter(ledger, "waiting")
    send(ledger, waiting)
    after = enter(ledger, *(f"after {number}" for number in range(later)), priority=priority)
    ledger.database.connection.execute("update jobs set added_at = added_at + 10 where id > ?", (waiting,))
    now = NOW + 660
    for job in [*before, *after]:
        finish(ledger, begin(ledger, job), now=now - 10)
    checked.register_worker(now=now)
    return checked.run_check("due jobs", now)


def test_a_job_that_waits_while_later_ones_are_done_is_bad(checked):
    found = overtaken(checked, later=3, earlier=2)
    assert found.state is CheckState.BAD
    assert found.message == ("1 job is due and not begun, while later ones are done: job 3 (waiting, for 11 min 0 s).")
    assert "Restart the workers" in found.remedy


def test_a_job_that_waits_while_earlier_ones_are_done_gets_its_turn(checked):
    found = overtaken(checked, later=2, earlier=3)
    assert (found.state, found.message) == (CheckState.OK, "Every job gets its turn.")


def test_a_job_may_wait_for_more_urgent_ones(checked):
    assert overtaken(checked, later=3, priority=1).state is CheckState.OK


def test_a_long_queue_is_no_trouble(checked):
    send(checked.ledger, *enter(checked.ledger, *map(str, range(20))))
    checked.register_worker(now=NOW + 9999)
    assert checked.run_check("due jobs", NOW + 9999).state is CheckState.OK


@pytest.mark.parametrize(("after", "state"), [(180, CheckState.OK), (181, CheckState.BAD)])
def test_a_job_without_a_message_is_bad_after_three_minutes(checked, after, state):
    enter(checked.ledger)
    checked.register_worker(now=NOW + after)
    found = checked.run_check("due jobs", NOW + after)
    assert found.state is state
    assert ("without a message: job 1 (/photos/a.jpg, for 3 min 1 s)" in found.message) == (state is CheckState.BAD)


def test_a_job_that_a_slot_has_just_taken_has_lost_nothing(checked):
    (job,) = enter(checked.ledger)
    send(checked.ledger, job)
    checked.ledger.messages.take_message(queue.MAIN, NOW + 9999)
    checked.register_worker(now=NOW + 10000)
    assert checked.run_check("due jobs", NOW + 10000).state is CheckState.OK
    assert checked.run_check("due jobs", NOW + 10180).state is CheckState.BAD


def test_a_job_that_is_due_later_waits_for_nothing(checked):
    enter(checked.ledger, due_at=NOW + 1000)
    checked.register_worker(now=NOW + 1180)
    assert checked.run_check("due jobs", NOW + 1180).state is CheckState.OK
    assert checked.run_check("due jobs", NOW + 1181).state is CheckState.BAD


def test_of_a_job_that_was_retried_nobody_knows_since_when_it_waits(checked):
    (job,) = enter(checked.ledger)
    checked.ledger.attempts.fail_attempt(begin(checked.ledger, job), DAMAGED, NOW)
    checked.ledger.jobs.retry_jobs([job])
    checked.register_worker(now=NOW + 9999)
    assert checked.run_check("due jobs", NOW + 9999).state is CheckState.OK


@pytest.mark.parametrize("reason", ["pause", "nobody", "another queue"])
def test_where_nobody_is_to_begin_jobs_this_check_is_silent(checked, reason):
    enter(checked.ledger)
    if reason == "pause":
        checked.ledger.batches.set_paused(paused=True)
    if reason != "nobody":
        checked.register_worker(now=NOW + 9999, queue="run-1" if reason == "another queue" else queue.MAIN)
    assert checked.run_check("due jobs", NOW + 9999).state is CheckState.OK

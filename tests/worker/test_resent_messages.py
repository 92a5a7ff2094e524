"""Jobs that are due and have no message get one, whatever the clock on the wall did."""

from fileq import queue
from fileq.worker.recovery import recover
from tests.support.jobs import DAMAGED, NOW, SLOW, begin, claim_one, enter, finish

BEAT = 5.0


def test_jobs_without_a_message_get_one(ledger):
    enter(ledger, *map(str, range(5)))
    assert recover(ledger, NOW, BEAT) == 5
    assert ledger.messages.has_messages(queue.MAIN)
    assert recover(ledger, NOW, BEAT) == 0


def test_a_job_that_is_due_gets_a_message_and_one_that_is_not_gets_none(ledger):
    enter(ledger, "a", due_at=NOW - 1)
    enter(ledger, "b", due_at=NOW + 1)
    assert recover(ledger, NOW, BEAT) == 1


HOURS = 6 * 3600


def waiting(ledger, delay):
    (job,) = enter(ledger)
    ledger.attempts.retry_attempt_later(begin(ledger, job), SLOW, NOW + delay, NOW)
    return job


def due_at(ledger, job):
    return ledger.overview.find_job(job).due_at


def test_a_job_that_waits_is_due_after_its_delay_when_the_clock_was_set_back(ledger):
    job = waiting(ledger, 30)
    recover(ledger, NOW - HOURS, BEAT)
    assert due_at(ledger, job) == NOW - HOURS + 30
    assert ledger.database.connection.execute("select count(*) from schedule").fetchone() == (1,)
    recover(ledger, NOW - HOURS + 20, BEAT)  # once
    assert due_at(ledger, job) == NOW - HOURS + 30
    assert claim_one(ledger, job, 1, NOW - HOURS + 29) is None
    assert claim_one(ledger, job, 1, NOW - HOURS + 30) is not None


def test_a_long_delay_is_no_longer_when_the_clock_was_set_back_a_little(ledger):
    job = waiting(ledger, HOURS)
    for minute in range(20):
        recover(ledger, NOW - 600 + 60 * minute, BEAT)
    assert due_at(ledger, job) == NOW + HOURS - 600


def test_a_clock_that_goes_on_or_wavers_changes_nothing(ledger):
    job = waiting(ledger, 30)
    for moment in (NOW - 4, NOW, NOW + 29):
        recover(ledger, moment, BEAT)
    assert due_at(ledger, job) == NOW + 30


def test_a_job_that_was_added_for_a_time_waits_for_that_time_whatever_the_clock_did(ledger):
    (job,) = enter(ledger, due_at=NOW + 30)
    recover(ledger, NOW - HOURS, BEAT)
    assert due_at(ledger, job) == NOW + 30


def test_what_ended_gets_no_message(ledger):
    one, two = enter(ledger, "a", "b")
    finish(ledger, begin(ledger, one))
    ledger.attempts.fail_attempt(begin(ledger, two), DAMAGED, NOW)
    assert recover(ledger, NOW, BEAT) == 0

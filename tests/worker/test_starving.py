"""No job starves: one that is due and has lost its message is done soon, whatever else the queue holds.

Counted in messages that are worked off, and never in seconds.
"""

import datetime as dt
from types import SimpleNamespace

import pytest

from fileq import control, queue
from fileq.job import JobState
from fileq.ledger.tables.jobs import QueueEntry
from fileq.worker.recovery import recover
from fileq.worker.tasks import create_huey
from tests.support.jobs import NOW, SLOW, begin, claim_one, enter, finish, state
from tests.worker.test_recovery import nobody, sign_on

BEAT = 5.0


@pytest.fixture
def huey(ledger):
    return create_huey(ledger, queue.MAIN)


def add(ledger, *sources, **keys):
    jobs = enter(ledger, *sources, **keys)
    queue.send(
        ledger,
        queue.MAIN,
        [
            QueueEntry(job_id=job, priority=keys.get("priority", 0), due_at=keys.get("due_at"), size=10**9)
            for job in jobs
        ],
        NOW,
    )
    return jobs


def work_off(ledger, huey, messages, now=NOW):
    """Do the jobs of so many messages."""
    for _ in range(messages):
        task = huey.dequeue()
        for job in task.args if task else ():
            claim = claim_one(ledger, job, 1, now)
            if claim is not None:
                finish(ledger, claim.token)


def take_and_die(huey, messages):
    for _ in range(messages):
        assert huey.dequeue()


def done(ledger, jobs):
    return sum(state(ledger, job) is JobState.DONE for job in jobs)


@pytest.mark.parametrize("clock", [NOW, NOW + 3600])
def test_what_a_killed_worker_had_taken_is_done_before_a_backlog(ledger, huey, monkeypatch, clock):
    """A moment after it was taken, and by a clock that was set back since."""
    monkeypatch.setattr("fileq.queue.storage.time", SimpleNamespace(time=lambda: clock))
    sign_on(ledger, pid=nobody())
    lost = add(ledger, *(f"lost {number}" for number in range(22)))
    take_and_die(huey, 22)
    add(ledger, *(f"later {number}" for number in range(2000)))
    recover(ledger, NOW, BEAT)
    work_off(ledger, huey, 22)
    assert done(ledger, lost) == 22


def test_what_a_living_worker_has_just_taken_is_left_to_it(ledger, huey, monkeypatch):
    monkeypatch.setattr(ledger.database, "now", lambda: NOW)
    sign_on(ledger)
    add(ledger, "a", "b")
    take_and_die(huey, 2)
    assert recover(ledger, NOW + queue.PATIENCE - 1, BEAT) == 0
    assert recover(ledger, NOW + queue.PATIENCE, BEAT) == 2


@pytest.mark.parametrize("waiting", [False, True])
def test_what_lost_its_message_is_done_under_a_steady_feed(ledger, huey, waiting):
    lost = add(ledger, *(f"lost {number}" for number in range(24)))
    if waiting:
        for job in lost:
            ledger.attempts.retry_attempt_later(begin(ledger, job), SLOW, NOW, NOW)
    take_and_die(huey, 24)
    add(ledger, *(f"later {number}" for number in range(100)))
    for step in range(300):
        add(ledger, f"new {step}")
        work_off(ledger, huey, 1, NOW + 100 + step)
        if step % 60 == 0:
            recover(ledger, NOW + 100 + step, BEAT)
    assert done(ledger, lost) == 24


def test_what_lost_its_message_is_done_after_more_urgent_jobs(ledger, huey):
    (lost,) = enter(ledger, "lost")
    add(ledger, "later")
    (urgent,) = add(ledger, "urgent", priority=1)
    control.resend_jobs(ledger, queue.MAIN, NOW + 100)
    work_off(ledger, huey, 1)
    assert (done(ledger, [urgent]), done(ledger, [lost])) == (1, 0)
    work_off(ledger, huey, 1)
    assert done(ledger, [lost]) == 1


def test_what_is_due_is_in_the_queue_when_the_scheduler_is_killed_at_once(ledger, huey):
    jobs = add(ledger, *(f"{number}" for number in range(56)), due_at=NOW + 1)
    huey.read_schedule(dt.datetime.fromtimestamp(NOW + 1, dt.UTC))  # and nothing more happens
    work_off(ledger, huey, 56, NOW + 1)
    assert done(ledger, jobs) == 56


def test_a_message_in_the_queue_of_a_run_that_is_gone_is_taken_over(ledger, huey):
    """A run that was thought dead came back, sent a job again to its own queue, and died."""
    jobs = enter(ledger, "a", "b")
    for job, due_at in zip(jobs, [None, NOW + 1], strict=True):
        queue.send(ledger, "run-1", [QueueEntry(job_id=job, priority=0, due_at=due_at, size=1)], NOW)
    recover(ledger, NOW, BEAT)
    huey.read_schedule(dt.datetime.fromtimestamp(NOW + 1, dt.UTC))
    work_off(ledger, huey, 2, NOW + 1)
    assert done(ledger, jobs) == 2


def test_jobs_of_a_run_that_was_killed_before_it_came_back_are_taken_over(ledger, huey):
    jobs = enter(ledger, "a", queue="run-1")  # its worker had been struck off
    recover(ledger, NOW, BEAT)
    work_off(ledger, huey, 1)
    assert done(ledger, jobs) == 1

import pytest

from fileq import control
from fileq.health.check import State
from tests.support.jobs import DAMAGED, NOW, begin, enter

DAY = 86400


def test_jobs_that_have_just_come_are_no_reason_to_worry(patient):
    enter(patient.ledger)
    assert patient.look("workers", NOW + 600).state is State.OK


def test_jobs_that_wait_for_more_than_ten_minutes_without_a_worker_are_bad(patient):
    enter(patient.ledger)
    found = patient.look("workers", NOW + 660)
    assert found.state is State.BAD
    assert found.message == "Jobs have waited for 11 min 0 s, and no worker is running."
    assert "fileq worker" in found.remedy


def test_with_a_worker_jobs_may_wait(patient):
    enter(patient.ledger)
    patient.sign_on(now=NOW + DAY)
    found = patient.look("workers", NOW + DAY)
    assert found.state is State.OK
    assert found.message.startswith("1 worker is running, with 2 slots")


def test_the_worker_of_a_run_does_not_serve_what_was_added(patient):
    enter(patient.ledger)
    enter(patient.ledger, "/photos/b.jpg", queue="run-1")
    patient.sign_on(now=NOW + DAY, queue="run-1")
    assert patient.look("workers", NOW + DAY).state is State.BAD


def test_jobs_that_are_due_later_wait_for_nobody(patient):
    enter(patient.ledger, due_at=NOW + DAY)
    assert patient.look("workers", NOW + DAY - 1).state is State.OK
    assert patient.look("workers", NOW + DAY + 600).state is State.OK
    assert patient.look("workers", NOW + DAY + 601).state is State.BAD


def test_what_a_worker_gave_back_waits_since_then(patient):
    (job,) = enter(patient.ledger)
    patient.ledger.jobs.return_attempt(begin(patient.ledger, job), NOW + DAY)
    assert patient.look("workers", NOW + DAY + 600).state is State.OK
    assert patient.look("workers", NOW + DAY + 601).state is State.BAD


def test_of_what_was_retried_nobody_knows_since_when_it_waits(patient):
    (job,) = enter(patient.ledger)
    patient.ledger.jobs.fail_attempt(begin(patient.ledger, job), DAMAGED, NOW)
    control.retry(patient.ledger, [job], NOW + DAY)
    found = patient.look("workers", NOW + DAY)
    assert (found.state, found.message) == (State.WARNING, "Jobs that were retried wait, and no worker is running.")


@pytest.mark.parametrize(("after", "state"), [(DAY - 1, State.OK), (DAY, State.WARNING)])
def test_a_pause_is_worth_a_word_after_a_day(patient, after, state):
    enter(patient.ledger)
    patient.ledger.batches.set_paused(paused=True)
    found = patient.look("workers", NOW + after)
    assert found.state is state
    assert ("fileq resume" in found.remedy) == (state is State.WARNING)


def test_a_worker_that_was_killed_is_named_until_it_is_struck_off(patient, mortal):
    running, kill = mortal
    worker = patient.sign_on(running)
    assert patient.look("workers").state is State.OK
    kill()
    found = patient.look("workers")
    assert found.state is State.WARNING
    assert f"1 worker died without signing off: {worker.process.host}:{worker.process.pid}." in found.message
    patient.ledger.workers.unregister_worker(worker.id)
    assert patient.look("workers").state is State.OK


def test_a_job_of_a_worker_that_was_killed_is_stuck(patient, mortal):
    running, kill = mortal
    (job,) = enter(patient.ledger)
    begin(patient.ledger, job, patient.sign_on(running).id)
    assert patient.look("stuck jobs").state is State.OK
    kill()
    found = patient.look("stuck jobs")
    assert found.state is State.BAD
    assert f"job {job} (/photos/a.jpg, for 0.0 s)" in found.message


def test_a_job_is_stuck_after_one_and_a_half_timeouts_and_a_minute(patient):
    patient.configure('[worker]\ntimeout = "2m"\n')
    worker = patient.sign_on(now=NOW + 240)
    for job in enter(patient.ledger, *"abcde"):
        begin(patient.ledger, job, worker.id)
    assert patient.look("stuck jobs", NOW + 240).state is State.OK
    found = patient.look("stuck jobs", NOW + 241)
    assert found.state is State.BAD
    assert found.message.startswith("5 jobs run longer than the timeout of 2m allows: job 1 (a, for 4 min 1 s), job 2")
    assert found.message.endswith("and 2 more.")

import pytest

from fileq import control
from fileq.health.check import CheckState
from tests.support.jobs import DAMAGED, NOW, begin, enter

DAY = 86400


def test_jobs_that_have_just_come_are_no_reason_to_worry(checked):
    enter(checked.ledger)
    assert checked.run_check("workers", NOW + 600).state is CheckState.OK


def test_jobs_that_wait_for_more_than_ten_minutes_without_a_worker_are_bad(checked):
    enter(checked.ledger)
    found = checked.run_check("workers", NOW + 660)
    assert found.state is CheckState.BAD
    assert found.message == "Jobs have waited for 11 min 0 s, and no worker is running."
    assert "fileq worker" in found.remedy


def test_with_a_worker_jobs_may_wait(checked):
    enter(checked.ledger)
    checked.register_worker(now=NOW + DAY)
    found = checked.run_check("workers", NOW + DAY)
    assert found.state is CheckState.OK
    assert found.message.startswith("1 worker is running, with 2 slots")


def test_the_worker_of_a_run_does_not_serve_what_was_added(checked):
    enter(checked.ledger)
    enter(checked.ledger, "/photos/b.jpg", queue="run-1")
    checked.register_worker(now=NOW + DAY, queue="run-1")
    assert checked.run_check("workers", NOW + DAY).state is CheckState.BAD


def test_jobs_that_are_due_later_wait_for_nobody(checked):
    enter(checked.ledger, due_at=NOW + DAY)
    assert checked.run_check("workers", NOW + DAY - 1).state is CheckState.OK
    assert checked.run_check("workers", NOW + DAY + 600).state is CheckState.OK
    assert checked.run_check("workers", NOW + DAY + 601).state is CheckState.BAD


def test_what_a_worker_gave_back_waits_since_then(checked):
    (job,) = enter(checked.ledger)
    checked.ledger.attempts.return_attempt(begin(checked.ledger, job), NOW + DAY)
    assert checked.run_check("workers", NOW + DAY + 600).state is CheckState.OK
    assert checked.run_check("workers", NOW + DAY + 601).state is CheckState.BAD


def test_of_what_was_retried_nobody_knows_since_when_it_waits(checked):
    (job,) = enter(checked.ledger)
    checked.ledger.attempts.fail_attempt(begin(checked.ledger, job), DAMAGED, NOW)
    control.retry_jobs(checked.ledger, [job], NOW + DAY)
    found = checked.run_check("workers", NOW + DAY)
    assert (found.state, found.message) == (
        CheckState.WARNING,
        "Jobs that were retried wait, and no worker is running.",
    )


@pytest.mark.parametrize(("after", "state"), [(DAY - 1, CheckState.OK), (DAY, CheckState.WARNING)])
def test_a_pause_is_worth_a_word_after_a_day(checked, after, state):
    enter(checked.ledger)
    checked.ledger.batches.set_paused(paused=True)
    found = checked.run_check("workers", NOW + after)
    assert found.state is state
    assert ("fileq resume" in found.remedy) == (state is CheckState.WARNING)


def test_a_worker_that_was_killed_is_named_until_it_is_struck_off(checked, other_process):
    running, kill = other_process
    worker = checked.register_worker(running)
    assert checked.run_check("workers").state is CheckState.OK
    kill()
    found = checked.run_check("workers")
    assert found.state is CheckState.WARNING
    assert f"1 worker died without signing off: {worker.process.host}:{worker.process.pid}." in found.message
    checked.ledger.workers.unregister_worker(worker.id)
    assert checked.run_check("workers").state is CheckState.OK


def test_a_job_of_a_worker_that_was_killed_is_stuck(checked, other_process):
    running, kill = other_process
    (job,) = enter(checked.ledger)
    begin(checked.ledger, job, checked.register_worker(running).id)
    assert checked.run_check("stuck jobs").state is CheckState.OK
    kill()
    found = checked.run_check("stuck jobs")
    assert found.state is CheckState.BAD
    assert f"job {job} (/photos/a.jpg, for 0.0 s)" in found.message


def test_a_job_is_stuck_after_one_and_a_half_timeouts_and_a_minute(checked):
    checked.configure('[worker]\ntimeout = "2m"\n')
    worker = checked.register_worker(now=NOW + 240)
    for job in enter(checked.ledger, *"abcde"):
        begin(checked.ledger, job, worker.id)
    assert checked.run_check("stuck jobs", NOW + 240).state is CheckState.OK
    found = checked.run_check("stuck jobs", NOW + 241)
    assert found.state is CheckState.BAD
    assert found.message.startswith("5 jobs run longer than the timeout of 2m allows: job 1 (a, for 4 min 1 s), job 2")
    assert found.message.endswith("and 2 more.")

"""retry, cancel, pause, resume, wait."""

import pytest

from fileq.errors import ErrorKind, ExitCode
from fileq.job import Failure
from tests.support.jobs import claim_one


@pytest.fixture
def failed(fileq):
    """Job 1 failed with a timeout, job 2 as unreadable, job 3 is queued."""
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        fileq.photo(name)
    fileq("add", "photos")
    ledger = fileq.ledger()
    for job, kind in ((1, ErrorKind.TIMEOUT), (2, ErrorKind.UNREADABLE)):
        claim = claim_one(ledger, job, worker_id=1, now=1000.0)
        ledger.attempts.fail_attempt(claim.token, Failure(kind, "It failed.", ""), 1001.0)
    ledger.close()
    return fileq


def states(fileq):
    return [job["state"] for job in reversed(fileq("list", "--json").document)]


def test_retry_queues_all_that_failed(failed):
    ran = failed("retry", "--failed")
    assert ran.out == "2 jobs queued again.\n"
    assert "No worker is running" in ran.err
    assert states(failed) == ["queued", "queued", "queued"]


def test_retry_by_cause_takes_that_cause_alone(failed):
    assert failed("retry", "--cause", "timeout", "--json").document == {"retried": 1}
    assert states(failed) == ["queued", "failed", "queued"]


def test_retry_of_a_batch_takes_the_cancelled_ones_too(failed):
    failed("cancel", "3")
    assert failed("retry", "--batch", "1", "--json").document == {"retried": 3}


def test_retry_of_a_named_job_that_did_not_fail_says_so(failed):
    ran = failed("retry", "1", "3")
    assert ran.code == ExitCode.FAILED
    assert ran.out == "1 job queued again.\n"
    assert "Job 3 is queued; only failed and cancelled jobs can be tried again." in ran.err


def test_a_job_that_is_not_there_changes_nothing(failed):
    assert failed("retry", "1", "99").code == ExitCode.USAGE
    assert failed("cancel", "3", "99").code == ExitCode.USAGE
    assert states(failed) == ["failed", "failed", "queued"]


def test_cancel_takes_what_has_not_ended(failed):
    assert failed("cancel", "--all", "--json").document == {"cancelled": 1}
    assert states(failed) == ["failed", "failed", "cancelled"]


def test_cancel_of_a_job_that_has_ended_says_so(failed):
    ran = failed("cancel", "2", "3")
    assert ran.code == ExitCode.FAILED
    assert ran.out == "1 job cancelled.\n"
    assert "Job 2 is failed already." in ran.err


def test_pause_and_resume_turn_the_switch(fileq):
    assert fileq("pause", "--json").document == {"paused": True}
    assert fileq("status", "--json").document["paused"] is True
    assert fileq("resume", "--json").document == {"paused": False}
    assert fileq("status", "--json").document["paused"] is False


def test_wait_returns_when_nothing_is_left(failed):
    failed("cancel", "--all")
    assert failed("wait", "1").code == ExitCode.FAILED
    failed("retry", "--failed")
    failed("cancel", "--all")
    ran = failed("wait", "--json")
    assert ran.code == ExitCode.DONE
    assert ran.document["jobs"]["cancelled"] == 3
    assert failed("wait", "9").code == ExitCode.USAGE

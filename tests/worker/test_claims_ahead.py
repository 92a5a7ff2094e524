"""Small jobs are claimed together, as many as are done in a moment; and what was not begun was never claimed."""

import pytest

from fileq.errors import LedgerError
from fileq.job import JobState
from fileq.queue import MAIN
from fileq.worker.job import process_jobs
from tests.support.jobs import claim_one, state

NOW = 0.0


@pytest.fixture
def claimed(slot, monkeypatch):
    """The jobs of each claim that is made."""
    claims, claim_jobs = [], slot.context.ledger.attempts.claim_jobs

    def write_down(job_ids, *rest):
        claims.append(list(job_ids))
        return claim_jobs(job_ids, *rest)

    monkeypatch.setattr(slot.context.ledger.attempts, "claim_jobs", write_down)
    return claims


def attempts(ledger, jobs):
    return [(state(ledger, job), len(ledger.overview.list_attempts(job))) for job in jobs]


def test_after_a_quick_one_the_next_are_claimed_together(slot, ledger, jobs, claimed):
    slot.note_pace(0.2 / 3)
    process_jobs(slot, jobs)
    assert claimed[0] == jobs[:3]
    assert attempts(ledger, jobs) == [(JobState.DONE, 1)] * 5


def test_the_first_one_and_those_after_a_slow_one_are_claimed_alone(slot, jobs, claimed, monkeypatch):
    assert slot.jobs_ahead == 1
    slot.note_pace(0.11)
    monkeypatch.setattr(slot, "note_pace", lambda _: None)
    process_jobs(slot, jobs)
    assert claimed == [[job] for job in jobs]


def test_each_has_begun_when_it_was_begun_and_not_when_all_were_claimed(slot, ledger, jobs):
    slot.note_pace(0.001)
    process_jobs(slot, jobs)
    began = [ledger.overview.find_job(job).started_at for job in jobs]
    assert sorted(set(began)) == began
    assert [attempt.started_at for job in jobs for attempt in ledger.overview.list_attempts(job)] == began


def test_one_that_was_lost_before_is_claimed_alone(slot, ledger, jobs, claimed):
    ledger.attempts.lose_attempt(claim_one(ledger, jobs[1], 1, NOW).token, NOW)
    claimed.clear()
    slot.note_pace(0.001)
    process_jobs(slot, jobs)
    assert claimed == [jobs, [jobs[1]]]
    assert [state(ledger, job) for job in jobs] == [JobState.DONE] * 5


@pytest.mark.parametrize("reason", ["stop", "pause"])
def test_what_was_claimed_and_not_begun_when_the_worker_stops_or_pauses_was_never_claimed(slot, ledger, jobs, reason):
    plan = slot.sandbox.plan

    def plan_the_last(request):
        (slot.stop if reason == "stop" else slot.context.paused).set()
        return plan(request)

    slot.sandbox.plan = plan_the_last
    slot.note_pace(0.001)
    ledger.messages.delete_messages(MAIN)
    process_jobs(slot, jobs)
    assert attempts(ledger, jobs) == [(JobState.DONE, 1), *[(JobState.QUEUED, 0)] * 4]
    assert [ledger.overview.find_job(job).attempts for job in jobs] == [1, 0, 0, 0, 0]
    assert ledger.jobs.find_unsent_jobs(MAIN, 2e9, patience=0, limit=9) == []


def test_what_can_not_be_given_back_at_once_is_given_back_when_the_ledger_answers(slot, ledger, jobs, monkeypatch):
    def fail(*_):
        raise LedgerError("The server can't be reached.")

    plan = slot.sandbox.plan

    def plan_the_last(request):
        slot.stop.set()
        return plan(request)

    slot.sandbox.plan = plan_the_last
    slot.note_pace(0.001)
    with monkeypatch.context() as patch:
        patch.setattr(ledger.attempts, "withdraw_claims", fail)
        process_jobs(slot, jobs)
    assert [state(ledger, job) for job in jobs] == [JobState.DONE, *[JobState.RUNNING] * 4]
    slot.give_back()
    assert attempts(ledger, jobs[1:]) == [(JobState.QUEUED, 0)] * 4


def test_what_waits_for_a_slow_one_is_given_back_while_that_runs(slot, ledger, jobs):
    plan = slot.sandbox.plan

    def plan_slowly(request):
        slot._since -= 1.1
        slot.give_back_late_claims()
        return plan(request)

    slot.sandbox.plan = plan_slowly
    slot.note_pace(0.001)
    ledger.messages.delete_messages(MAIN)
    process_jobs(slot, jobs)
    assert attempts(ledger, jobs) == [(JobState.DONE, 1), *[(JobState.QUEUED, 0)] * 4]
    assert ledger.jobs.find_unsent_jobs(MAIN, 2e9, patience=0, limit=9) == []


def test_what_waits_for_a_quick_one_stays_with_its_slot(slot, ledger, jobs):
    plan = slot.sandbox.plan

    def plan_quickly(request):
        slot.give_back_late_claims()
        return plan(request)

    slot.sandbox.plan = plan_quickly
    slot.note_pace(0.001)
    process_jobs(slot, jobs)
    assert attempts(ledger, jobs) == [(JobState.DONE, 1)] * 5


def test_claims_are_given_back_whatever_keeps_their_slot_from_the_answer(slot, ledger, jobs, monkeypatch):
    claim = ledger.attempts.claim_jobs

    def lack_memory(*values):
        claim(*values)
        raise MemoryError

    slot.note_pace(0.001)
    with monkeypatch.context() as patch:
        patch.setattr(ledger.attempts, "claim_jobs", lack_memory)
        process_jobs(slot, jobs)
    assert attempts(ledger, jobs) == [(JobState.QUEUED, 0)] * 5

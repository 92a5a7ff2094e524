"""What is encoded is published also while its slot waits for a slow job, and what goes wrong then harms that not."""

import pytest
from mischief import Doze

from fileq.errors import LedgerError
from fileq.job import JobState
from fileq.publish import publish_jobs
from fileq.worker import job
from fileq.worker.job import process_jobs
from tests.support.jobs import claim_one, state
from tests.support.photos import copy_photo

NOW = 0.0


@pytest.fixture
def quick_and_slow(shop, photo):
    """Three jobs, of which the last one takes three seconds."""
    return [
        *(shop.enter(source=copy_photo(photo, number)) for number in range(2)),
        shop.enter(Doze(seconds=3), source=copy_photo(photo, 2)),
    ]


@pytest.fixture
def states_amid(slot, ledger, quick_and_slow):
    """The states of the jobs at each look of a slot that waits for a child; the last ones are for the slow job."""
    seen, wait = [], slot.sandbox._is_alive

    def look():
        seen.append([state(ledger, one) for one in quick_and_slow])
        return wait()

    slot.sandbox._is_alive = look
    return seen


def test_what_is_done_is_published_while_a_slow_one_goes_on(slot, ledger, quick_and_slow, states_amid):
    slot.note_pace(0.001)
    process_jobs(slot, quick_and_slow)
    assert states_amid[-1] == [JobState.DONE, JobState.DONE, JobState.RUNNING]
    assert [state(ledger, one) for one in quick_and_slow] == [JobState.DONE] * 3


def test_an_outage_of_the_database_then_ends_not_the_slow_one(slot, ledger, quick_and_slow, monkeypatch):

    def publish(ledger, finished):
        if slot.sandbox.token is not None:
            raise LedgerError("The database is away.", "Wait.")
        return publish_jobs(ledger, finished)

    monkeypatch.setattr(job, "publish_jobs", publish)
    monkeypatch.setattr("fileq.worker.slot.SlotBackoff.begin", lambda *_: None)
    monkeypatch.setattr(job, "_MAX_PUBLISH_DELAY", 60.0)
    slot.note_pace(0.001)
    process_jobs(slot, quick_and_slow)
    assert [state(ledger, one) for one in quick_and_slow] == [JobState.QUEUED, JobState.QUEUED, JobState.DONE]
    assert len(ledger.overview.list_attempts(quick_and_slow[2])) == 1


def test_what_is_encoded_is_published_before_one_begins_that_was_lost_before(slot, ledger, jobs, monkeypatch):
    ledger.attempts.lose_attempt(claim_one(ledger, jobs[2], 1, NOW).token, NOW)
    plan, seen = slot.sandbox.plan, []

    def look(request):
        seen.append([state(ledger, one) for one in jobs])
        return plan(request)

    monkeypatch.setattr(slot.sandbox, "plan", look)
    slot.sandbox.start()
    process_jobs(slot, jobs[:3])
    assert seen[-1][:3] == [JobState.DONE, JobState.DONE, JobState.RUNNING]


def test_an_end_that_could_not_be_written_down_before_the_worker_stopped_is_so_at_its_end(slot, ledger, jobs):
    def lack_memory(*_):
        slot.stop.set()
        raise MemoryError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slot.sandbox, "plan", lack_memory)
        patch.setattr(ledger.attempts, "return_attempt", lack_memory)
        process_jobs(slot, jobs[:1])
        assert state(ledger, jobs[0]) is JobState.RUNNING
    slot.end_rest()
    assert state(ledger, jobs[0]) is JobState.QUEUED
    job = ledger.overview.find_job(jobs[0])
    assert claim_one(ledger, job.id, 1, NOW).tries == 1, "that was no try"

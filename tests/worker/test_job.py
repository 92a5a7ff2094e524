"""A slot takes the jobs of a message one by one, publishes them together, and gives back what it can't do."""

import errno
import math
import os
import sqlite3
import time

import msgspec
import pytest
from mischief import Crash

from fileq.errors import ErrorKind, FolderUnavailable, LedgerError
from fileq.job import JobState
from fileq.ledger.queries.overview import JobSelection
from fileq.queue import MAIN
from fileq.worker.attempt import Attempt
from fileq.worker.job import process_jobs
from fileq.worker.outages import FolderOutages, SlotBackoff
from fileq.worker.tasks import create_huey
from tests.support.jobs import SLOW, claim_one
from tests.support.photos import copy_photo


def states(ledger):
    return [job.state for job in ledger.overview.list_jobs(JobSelection())][::-1]


def sent(ledger):
    """The jobs that lie in the queue."""
    huey = create_huey(ledger, MAIN)
    jobs = []
    while (task := huey.dequeue()) is not None:
        jobs += task.args
    return jobs


def test_all_jobs_of_a_message_are_done(slot, ledger, jobs, out):
    process_jobs(slot, jobs)
    assert states(ledger) == [JobState.DONE] * 5
    assert sorted(os.listdir(out)) == [f"{number}-small.png" for number in range(5)]


def test_a_message_that_comes_twice_does_nothing_more(slot, ledger, jobs):
    process_jobs(slot, jobs)
    process_jobs(slot, [*jobs, 99])
    assert {job.attempts for job in ledger.overview.list_jobs(JobSelection())} == {1}


def test_what_was_cancelled_is_left_out(slot, ledger, jobs):
    ledger.jobs.cancel_jobs(jobs[1:3], 0)
    process_jobs(slot, jobs)
    assert [state is JobState.DONE for state in states(ledger)] == [True, False, False, True, True]


def test_a_job_that_crashes_keeps_no_other_of_its_message_from_being_done(slot, shop, ledger, jobs, photo):
    bad = shop.enter(Crash(), source=copy_photo(photo, 9))
    process_jobs(slot, [*jobs[:2], bad, *jobs[2:]])
    assert states(ledger) == [JobState.DONE] * 5 + [JobState.WAITING]


def test_two_jobs_of_a_message_with_one_output_are_one_done_and_one_conflict(slot, shop, ledger, photo):
    elsewhere = photo.parent / "more" / photo.name
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(photo.read_bytes())
    process_jobs(slot, [shop.enter(), shop.enter(source=elsewhere)])
    assert states(ledger) == [JobState.DONE, JobState.FAILED]


@pytest.mark.parametrize("reason", ["stop", "pause"])
def test_what_is_left_of_a_message_goes_back_when_the_worker_stops_or_pauses(slot, ledger, jobs, reason):
    (slot.stop if reason == "stop" else slot.context.paused).set()
    process_jobs(slot, jobs)
    assert states(ledger) == [JobState.QUEUED] * 5
    assert sent(ledger) == jobs


@pytest.mark.parametrize("reason", ["stop", "pause", "fault"])
def test_no_message_of_jobs_that_were_tried_before_is_lost(slot, ledger, jobs, reason, monkeypatch):
    for job in jobs:
        token = claim_one(ledger, job, 1, 0).token
        ledger.attempts.retry_attempt_later(token, SLOW, 1, 0)
    if reason == "fault":
        monkeypatch.setattr(ledger.attempts, "claim_jobs", lambda *_: [].pop())
        with pytest.raises(IndexError):
            process_jobs(slot, jobs)
    else:
        (slot.stop if reason == "stop" else slot.context.paused).set()
        process_jobs(slot, jobs)
    assert states(ledger) == [JobState.WAITING] * 5
    assert sent(ledger) == jobs


def test_a_pause_that_a_slot_has_not_seen_yet_costs_no_message_and_ends_its_work(slot, ledger, jobs):
    ledger.batches.set_paused(paused=True)
    process_jobs(slot, jobs)
    assert states(ledger) == [JobState.QUEUED] * 5
    assert slot.context.paused.is_set()
    assert sorted(sent(ledger)) == jobs


def test_a_job_that_is_not_due_yet_as_the_clock_went_back_keeps_a_message(slot, ledger, jobs):
    ledger.database.connection.execute("update jobs set due_at = 1e10")
    process_jobs(slot, jobs)
    assert states(ledger) == [JobState.QUEUED] * 5
    ledger.messages.move_due_messages(MAIN, 1e10)
    assert sent(ledger) == jobs


def test_a_job_whose_folder_is_not_to_be_tried_yet_waits_on_without_a_claim(slot, ledger, jobs, out):
    ledger.attempts.retry_attempt_later(claim_one(ledger, jobs[0], 1, 0).token, SLOW, 1, 0)
    outages = FolderOutages()
    full = FolderUnavailable(ErrorKind.NO_SPACE, "It is full.", "Make room.", str(out))
    outages.begin(full, ledger.overview.find_job(jobs[0]).source, str(out))
    slot.context = msgspec.structs.replace(slot.context, folder_outages=outages)
    before = time.time()
    process_jobs(slot, jobs[:1])
    job = ledger.overview.find_job(jobs[0])
    assert (job.state, job.attempts) == (JobState.WAITING, 1)
    assert before + 5 < job.due_at <= time.time() + 10
    assert sent(ledger) == []
    ledger.messages.move_due_messages(MAIN, job.due_at)
    assert sent(ledger) == jobs[:1]


def test_jobs_whose_folder_is_away_wait_for_it_and_that_was_no_try(slot, ledger, jobs, out, monkeypatch):
    process_jobs(slot, jobs[:1])
    (out / "0-small.png").unlink()
    moments = [1000.0]
    slot.context = msgspec.structs.replace(slot.context, folder_outages=FolderOutages(lambda: moments[-1]))
    with monkeypatch.context() as patch:
        patch.setattr("fileq.publish.reservation.is_drive_missing", lambda *_: True)
        process_jobs(slot, jobs[1:3])
    found = [ledger.overview.find_job(job) for job in jobs[1:3]]
    assert [(job.state, job.attempts) for job in found] == [(JobState.WAITING, 1)] * 2
    assert ledger.database.connection.execute("select distinct tries from jobs where id in (2, 3)").fetchall() == [(0,)]
    assert all(5 < job.due_at - time.time() <= 10 for job in found)
    assert sent(ledger) == []
    moments.append(1010.0)
    ledger.database.connection.execute("update jobs set due_at = 0 where state = 'waiting'")
    process_jobs(slot, jobs[1:3])
    assert states(ledger)[1:3] == [JobState.DONE] * 2
    assert not slot.context.folder_outages.any


def test_a_slot_shows_what_it_does(slot, ledger, jobs):
    seen = []
    find = ledger.attempts.find_void_tokens

    def look_and_find(tokens):
        seen.append(slot.activity)
        return find(tokens)

    ledger.attempts.find_void_tokens = look_and_find
    process_jobs(slot, jobs[:1])
    assert (seen[0].job_id, os.path.basename(seen[0].source)) == (jobs[0], "0.jpg")
    assert (slot.activity.job_id, slot.activity.source, slot.activity.seconds) == (None, None, 0.0)


@pytest.mark.parametrize("failing", ["finish_attempts", "find_void_tokens"])
def test_jobs_are_given_back_when_the_ledger_fails_amid_them(slot, ledger, jobs, out, monkeypatch, failing):
    works, failures = getattr(ledger.attempts, failing), iter([LedgerError("The database is locked.")])

    def fail_once(*arguments, **keys):
        for failure in failures:
            raise failure
        return works(*arguments, **keys)

    with monkeypatch.context() as patch:
        patch.setattr(ledger.attempts, failing, fail_once)
        process_jobs(slot, jobs[:2])
        assert slot.context.database_outage.error is not None
    assert JobState.RUNNING not in states(ledger)
    slot.backoff.reset()
    left = [job for job, state in zip(jobs, states(ledger), strict=True) if state is JobState.QUEUED]
    process_jobs(slot, left)
    assert states(ledger) == [JobState.DONE] * 5
    assert sorted(os.listdir(out)) == [f"{number}-small.png" for number in range(5)]


def test_what_is_made_and_not_yet_published_is_given_back_when_the_ledger_fails_at_the_next_claim(
    slot, ledger, jobs, monkeypatch
):
    claim = ledger.attempts.claim_jobs

    def claim_only_the_first(some, *rest):
        if jobs[0] not in some:
            raise LedgerError("The database is locked.")
        return claim(some, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(ledger.attempts, "claim_jobs", claim_only_the_first)
        patch.setattr("fileq.worker.job._MAX_PUBLISH_DELAY", math.inf)  # a slow machine publishes after each
        process_jobs(slot, jobs[:2])
        assert slot.context.database_outage.error is not None
    assert states(ledger) == [JobState.QUEUED] * 5


def test_jobs_that_a_slot_could_not_send_again_are_sent_as_soon_as_the_ledger_answers(slot, ledger, jobs, monkeypatch):
    def fail(*_):
        raise LedgerError("The server can't be reached.")

    ledger.messages.delete_messages(MAIN)
    with monkeypatch.context() as patch:
        patch.setattr(ledger.attempts, "claim_jobs", fail)
        patch.setattr(ledger.attempts, "withdraw_claims", fail)
        patch.setattr(ledger.jobs, "filter_unsent_jobs", fail)
        process_jobs(slot, jobs[:3])
        with pytest.raises(LedgerError):
            slot.give_back()
        assert sent(ledger) == []
    slot.give_back()
    assert sorted(sent(ledger)) == jobs[:3]
    slot.give_back()
    assert sent(ledger) == []


def test_a_job_whose_ledger_was_locked_for_a_while_is_not_lost(slot, ledger, database, jobs, monkeypatch):
    other = sqlite3.connect(database, isolation_level=None)
    plan, back_off = slot.sandbox.plan, slot.back_off

    def lock_then_plan(request):
        other.execute("begin immediate")
        return plan(request)

    def back_off_then_unlock(error):
        other.rollback()
        return back_off(error)

    monkeypatch.setattr(slot.sandbox, "plan", lock_then_plan)
    monkeypatch.setattr(slot, "back_off", back_off_then_unlock)
    process_jobs(slot, jobs[:1])
    assert "locked" in str(slot.context.database_outage.error)
    monkeypatch.undo()
    assert states(ledger)[0] is JobState.QUEUED
    assert sent(ledger) == jobs[:1]
    other.close()


def eof(*_):
    raise EOFError


def no_more_files(*_, **__):
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def no_memory(*_, **__):
    raise MemoryError


SHORTAGES = {
    "no child can be started": ("multiprocessing.process.BaseProcess.start", no_more_files),
    "the server of children is gone": ("multiprocessing.process.BaseProcess.start", eof),
    "an output can't be reserved": ("fileq.publish.reservation.os.mkdir", no_more_files),
    "an output can't be published": ("os.link", no_more_files),
    "its folder can't be synchronised": ("fileq.publish.publication.os.open", no_more_files),
    "there is no memory for what the child says": ("fileq.worker.attempt.Attempt.reserve", no_memory),
}


@pytest.mark.parametrize("where", SHORTAGES)
def test_a_shortage_of_the_workers_is_no_try_and_no_death_of_a_job(slot, ledger, jobs, out, monkeypatch, where):
    target, fault = SHORTAGES[where]
    slot.sandbox.close()
    with monkeypatch.context() as patch:
        patch.setattr(target, fault)
        process_jobs(slot, jobs[:2])
    assert ledger.database.connection.execute("select distinct state, tries, deaths from jobs").fetchall() == [
        ("queued", 0, 0)
    ]
    assert sorted(sent(ledger)) == jobs[:2]
    assert slot.context.shortage.seconds > 0
    assert slot.backoff.is_on
    slot.backoff.reset()
    process_jobs(slot, jobs)
    assert states(ledger) == [JobState.DONE] * 5
    assert slot.context.shortage.seconds == 0
    assert sorted(os.listdir(out)) == [f"{number}-small.png" for number in range(5)]


def test_a_fault_of_our_own_fails_the_job_and_leaves_none_running(slot, ledger, jobs, monkeypatch):
    def break_down(*_):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("fileq.worker.attempt.Attempt.build_request", break_down)
    for _ in range(slot.context.settings.attempts):
        ledger.database.connection.execute("update jobs set due_at = null")
        with pytest.raises(ZeroDivisionError):
            process_jobs(slot, jobs[:1])
    job = ledger.overview.find_job(jobs[0])
    assert (job.state, job.failure.kind) == (JobState.FAILED, "internal")
    assert "ZeroDivisionError: by zero" in job.failure.message


def test_a_job_that_is_published_ends_no_wait_that_another_of_its_message_has_begun(slot, ledger, jobs, monkeypatch):
    reserve = Attempt.reserve

    def reserve_the_first_alone(attempt, planned):
        if attempt.token.job_id != jobs[0]:
            no_memory()
        return reserve(attempt, planned)

    with monkeypatch.context() as patch:
        patch.setattr(Attempt, "reserve", reserve_the_first_alone)
        patch.setattr("fileq.worker.job._MAX_PUBLISH_DELAY", math.inf)
        process_jobs(slot, jobs[:2])
    assert states(ledger)[:2] == [JobState.DONE, JobState.QUEUED]
    assert slot.backoff.is_on
    assert slot.context.shortage.error is not None


def test_a_fault_of_our_own_is_written_down_also_where_the_ledger_fails_at_that(slot, ledger, jobs, monkeypatch):
    works, failures = ledger.attempts.retry_attempt_later, iter([LedgerError("The database is locked.")])

    def fail_once(*arguments):
        for failure in failures:
            raise failure
        return works(*arguments)

    monkeypatch.setattr("fileq.worker.job._RETRY", 0.01)
    monkeypatch.setattr(ledger.attempts, "retry_attempt_later", fail_once)
    monkeypatch.setattr(Attempt, "reserve", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        process_jobs(slot, jobs[:1])
    assert states(ledger)[0] is JobState.WAITING


def test_a_slot_whose_outputs_can_not_be_published_for_a_shortage_waits_no_longer_each_time(
    slot, ledger, jobs, monkeypatch
):
    moments = [1000.0]
    slot.backoff = SlotBackoff(lambda: moments[-1])
    with monkeypatch.context() as patch:
        patch.setattr("os.link", no_more_files)
        for _ in range(4):
            process_jobs(slot, jobs[:1])
            assert slot.backoff.is_on
            moments.append(moments[-1] + 1.0)
            assert not slot.backoff.is_on
    process_jobs(slot, jobs[:1])
    assert states(ledger)[0] is JobState.DONE

"""A slot's thread takes messages, one slot at a time, and goes on whatever is wrong with one of them."""

import time

import pytest
from huey.api import Task

from fileq import queue
from fileq.errors import LedgerError
from fileq.job import JobState
from fileq.queue import MAIN
from tests.support.jobs import state


def refuse():
    raise LedgerError("The database is away.", "Put it back.")


def no_memory(*_, **__):
    raise MemoryError


def test_a_database_that_does_not_answer_is_said_once_and_taken_up_again(
    thread, slot, ledger, jobs, caplog, monkeypatch
):
    caplog.set_level("INFO", "fileq")
    with monkeypatch.context() as patch:
        patch.setattr(thread.huey, "dequeue", refuse)
        for _ in range(3):
            slot.backoff.reset()
            thread.loop()
    slot.backoff.reset()
    thread.loop()
    assert caplog.messages == ["The database is away. Put it back. Jobs wait until that is over.", "It answers."]


def test_a_database_that_is_lost_between_a_message_and_its_jobs_ends_no_slot(thread, slot, ledger, jobs, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(thread.huey, "dequeue", Task)
        patch.setattr(thread.huey, "execute", lambda *_: refuse())
        thread.loop()
    assert slot.backoff.is_on
    assert slot.context.database_outage.error is not None


@pytest.mark.parametrize("where", ["dequeue", "execute"])
def test_a_slot_without_memory_for_a_message_holds_still(thread, slot, monkeypatch, where):
    with monkeypatch.context() as patch:
        patch.setattr(thread.huey, "dequeue", Task)
        patch.setattr(thread.huey, where, no_memory)
        thread.loop()
    assert slot.backoff.is_on
    assert slot.context.shortage.error is not None


def test_who_works_keeps_no_other_slot_from_looking_for_a_message(thread, slot, ledger, jobs):
    looks, find = [], ledger.attempts.find_void_tokens

    def look_and_find(tokens):
        looks.append(slot.context.dequeue_lock.locked())
        return find(tokens)

    ledger.attempts.find_void_tokens = look_and_find
    queue.send(ledger, MAIN, ledger.jobs.filter_unsent_jobs(jobs[:1]), time.time())
    thread.loop()
    assert state(ledger, jobs[0]) is JobState.DONE
    assert looks
    assert not any(looks)

"""What is sent, as a real Huey gets it."""

import datetime as dt
import json
import os
import pickle

import pytest
from huey.exceptions import HueyException

from fileq import queue
from fileq.ledger import open_ledger
from fileq.ledger.tables.jobs import QueueEntry
from fileq.worker.tasks import create_huey
from tests.support.jobs import NOW


def huey_of(ledger, name=queue.MAIN):
    """The Huey of a queue, as a worker has it."""
    return create_huey(ledger, name)


@pytest.fixture
def huey(ledger):
    return huey_of(ledger)


def send(ledger, *due, now=NOW, name=queue.MAIN):
    queue.send(
        ledger,
        name,
        [QueueEntry(job_id=job, priority=priority, due_at=due_at, size=10**9) for job, priority, due_at in due],
        now,
    )


def received(huey):
    """The jobs of every message that is ready, in Huey's order."""
    messages = []
    while (task := huey.dequeue()) is not None:
        messages.append(list(task.args))
    return messages


def move_due(huey, now):
    """The jobs of every message that is ready once Huey's scheduler has looked."""
    assert huey.read_schedule(dt.datetime.fromtimestamp(now, dt.UTC)) == []
    return received(huey)


def test_what_is_sent_is_delivered_as_the_task_that_does_jobs(ledger, huey):
    send(ledger, (7, 3, None))
    task = huey.dequeue()
    assert f"{type(task).__module__}.{type(task).__name__}" == queue.PROCESS
    assert (task.args, task.id, task.priority, task.retries) == ((7,), "job-7", 3, 0)
    assert huey.dequeue() is None


def test_small_jobs_arrive_together_and_in_order(ledger, huey):
    queue.send(
        ledger, queue.MAIN, [QueueEntry(job_id=number, priority=0, due_at=None, size=1) for number in range(64)], NOW
    )
    assert [job for jobs in received(huey) for job in jobs] == list(range(64))


def test_higher_priorities_come_first_and_equals_in_order(ledger, huey):
    send(ledger, (1, 0, None), (2, 5, None), (3, -1, None), (4, 5, None), (5, 0, None))
    assert received(huey) == [[2], [4], [1], [5], [3]]


def test_what_is_due_later_is_delivered_when_it_is(ledger, huey):
    send(ledger, (1, 0, NOW + 60), (2, 0, NOW - 60))
    assert received(huey) == [[2]]
    assert move_due(huey, NOW + 59) == []
    assert move_due(huey, NOW + 60) == [[1]]


def test_what_was_delayed_keeps_its_priority(ledger, huey):
    send(ledger, (1, 0, NOW + 1), (2, 5, NOW + 2), (3, -5, NOW + 3))
    assert move_due(huey, NOW + 10) == [[2], [1], [3]]


def test_a_queue_is_not_another(ledger, huey):
    send(ledger, (1, 0, None), name="run-1")
    assert received(huey) == []
    assert received(huey_of(ledger, "run-1")) == [[1]]


def test_a_message_is_delivered_once_whoever_asks(database, ledger, huey):
    send(ledger, *((number, 0, None) for number in range(20)))
    with open_ledger(database) as other:
        hueys = [huey, huey_of(other)]
        jobs = [hueys[turn % 2].dequeue().args[0] for turn in range(20)]
    assert sorted(jobs) == list(range(20))


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickled_message_is_refused_and_not_run(ledger, huey, tmp_path):
    ledger.messages.insert_messages(queue.MAIN, [(pickle.dumps(Bomb(str(tmp_path / "ran"))), 0)])
    with pytest.raises(UnicodeDecodeError):
        huey.dequeue()
    assert not (tmp_path / "ran").exists()
    assert huey.dequeue() is None


@pytest.mark.parametrize("name", ["os.system", "fileq.worker.tasks.create_huey", "builtins.eval"])
def test_a_message_can_name_no_other_function(ledger, huey, name):
    ledger.messages.insert_messages(queue.MAIN, [(json.dumps({"id": "x", "name": name, "args": ["ls"]}).encode(), 0)])
    with pytest.raises(HueyException, match="not found"):
        huey.dequeue()


def test_no_results_are_kept(ledger, huey):
    send(ledger, (1, 0, None))
    huey.dequeue()
    assert ledger.database.connection.execute("select count(*) from kv").fetchone() == (0,)

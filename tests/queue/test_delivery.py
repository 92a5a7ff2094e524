"""What is sent is delivered, as a real Huey gets it: from each database, and from a broker beside each."""

import datetime as dt

import pytest

from fileq import control, queue
from fileq.ledger import Ledger
from fileq.ledger.tables.jobs import QueueEntry
from fileq.worker.tasks import create_huey
from tests.support.jobs import enter
from tests.support.postgres import own_schema

NOW = 1_700_000_000.0


@pytest.fixture(params=["sqlite", "postgres", "redis", "redis beside postgres"])
def opened(request, tmp_path):
    """What opens the ledger, as each process does."""
    if "postgres" not in request.param:
        database = str(tmp_path / "fileq.db")
        broker = request.getfixturevalue("redis") if "redis" in request.param else None
        yield lambda: queue.open_connected_ledger(database, 5.0, broker)
        return
    broker = request.getfixturevalue("redis") if "redis" in request.param else None
    with own_schema(request.getfixturevalue("postgres")) as address:
        yield lambda: queue.open_connected_ledger(address, 5.0, broker)


@pytest.fixture
def clock():
    """The time by the ledger's clock, as the only item of a list."""
    return [NOW]


@pytest.fixture
def ledger(opened, clock, monkeypatch):
    ledger = opened()
    monkeypatch.setattr(ledger.database, "now", lambda: clock[0])
    yield ledger
    if ledger.outbox is not None:
        ledger.outbox.broker.drop_queue(queue.MAIN)
    ledger.close()


@pytest.fixture
def huey(ledger):
    return create_huey(ledger, queue.MAIN)


def send(ledger: Ledger, *due, name=queue.MAIN, overdue=False):
    """Send jobs that have these numbers, priorities and times."""
    entries = [QueueEntry(job_id=job, priority=priority, due_at=due_at, size=10**9) for job, priority, due_at in due]
    queue.send(ledger, name, entries, NOW, overdue=overdue)


def received(huey):
    """The jobs of every message that is ready, in Huey's order."""
    messages = []
    while (task := huey.dequeue()) is not None:
        messages.append(list(task.args))
    return messages


def look_at_schedule(huey):
    """The jobs of every message that is ready once Huey's scheduler has looked."""
    assert huey.read_schedule(dt.datetime.now(dt.UTC)) == []
    return received(huey)


def test_what_is_sent_is_delivered_as_the_task_that_does_jobs(ledger, huey):
    send(ledger, (7, 3, None))
    task = huey.dequeue()
    assert f"{type(task).__module__}.{type(task).__name__}" == queue.PROCESS
    assert (task.args, task.id, task.priority, task.retries) == ((7,), "job-7", 3, 0)
    assert huey.dequeue() is None


def test_small_jobs_arrive_in_order(ledger, huey):
    entries = [QueueEntry(job_id=number, priority=0, due_at=None, size=1) for number in range(1, 65)]
    queue.send(ledger, queue.MAIN, entries, NOW)
    assert [job for jobs in received(huey) for job in jobs] == list(range(1, 65))


def test_higher_priorities_come_first_and_equals_in_order(ledger, huey):
    send(ledger, (1, 0, None), (2, 5, None), (3, -1, None), (4, 5, None), (5, 0, None))
    assert received(huey) == [[2], [4], [1], [5], [3]]


def test_what_is_overdue_comes_before_its_priority_and_after_the_next(ledger, huey):
    send(ledger, (1, 0, None), (2, 1, None))
    send(ledger, (3, 0, None), overdue=True)
    assert received(huey) == [[2], [3], [1]]


def test_what_is_due_later_is_delivered_when_it_is(ledger, huey, clock):
    later, now = (enter(ledger, source, due_at=due_at)[0] for source, due_at in (("/a", NOW + 60), ("/b", NOW - 60)))
    send(ledger, (later, 0, NOW + 60), (now, 0, NOW - 60))
    assert received(huey) == [[now]]
    control.cancel_jobs(ledger, [now], NOW)
    clock[0] = NOW + 59
    assert look_at_schedule(huey) == []
    clock[0] = NOW + 60
    assert look_at_schedule(huey) == [[later]]


def test_what_was_delayed_keeps_its_priority(ledger, huey, clock):
    plans = [("/a", 0, NOW + 1), ("/b", 5, NOW + 2), ("/c", -5, NOW + 3)]
    jobs = [enter(ledger, source, priority=priority, due_at=due_at)[0] for source, priority, due_at in plans]
    send(ledger, *((job, priority, due_at) for job, (_, priority, due_at) in zip(jobs, plans, strict=True)))
    clock[0] = NOW + 10
    assert look_at_schedule(huey) == [[jobs[1]], [jobs[0]], [jobs[2]]]


def test_a_queue_is_not_another(ledger, huey):
    send(ledger, (1, 0, None), name="run-1")
    assert received(huey) == []
    assert received(create_huey(ledger, "run-1")) == [[1]]


def test_a_message_is_delivered_once_whoever_asks(opened, ledger, huey):
    send(ledger, *((number, 0, None) for number in range(1, 21)))
    other = opened()
    hueys = [huey, create_huey(other, queue.MAIN)]
    jobs = [hueys[turn % 2].dequeue().args[0] for turn in range(20)]
    other.close()
    assert sorted(jobs) == list(range(1, 21))


def test_what_is_taken_back_with_its_transaction_was_never_sent(ledger, huey):
    def enter_and_fail():
        with ledger.transaction(), ledger.transaction():
            send(ledger, (enter(ledger)[0], 0, None))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        enter_and_fail()
    assert received(huey) == []


def test_what_was_taken_and_left_is_sent_again_after_a_minute_and_not_before(ledger, huey, clock):
    job = enter(ledger)[0]
    send(ledger, (job, 0, None))
    assert received(huey) == [[job]]
    assert control.resend_jobs(ledger, queue.MAIN, NOW + queue.PATIENCE - 1) == 0
    assert control.resend_jobs(ledger, queue.MAIN, NOW + queue.PATIENCE) == 1
    assert received(huey) == [[job]]


def test_what_was_taken_is_put_back_at_once(ledger, huey):
    job = enter(ledger)[0]
    send(ledger, (job, 0, None))
    assert received(huey) == [[job]]
    control.put_jobs_back(ledger, queue.MAIN, [job], NOW + 1)
    assert received(huey) == [[job]]


def test_what_lost_its_message_is_sent_again_once(ledger, huey, clock):
    jobs = enter(ledger, "/a", "/b")
    assert control.resend_jobs(ledger, queue.MAIN, NOW) == 2
    assert control.resend_jobs(ledger, queue.MAIN, NOW) == 0
    assert received(huey) == [[job] for job in jobs]


def test_a_queue_that_is_moved_is_found_where_it_was_moved_to(ledger, huey):
    job = enter(ledger, queue="run-1")[0]
    send(ledger, (job, 0, None), name="run-1")
    queue.move_queue(ledger, "run-1", to=queue.MAIN)
    assert received(create_huey(ledger, "run-1")) == []
    assert look_at_schedule(huey) == [[job]]

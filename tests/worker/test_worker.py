"""A whole worker in this process: when it ends and why, what it obeys, and what it leaves."""

import datetime as dt
import os
import signal

import msgspec
import pytest
from mischief import Doze

from fileq import queue
from fileq.config import Config, Settings
from fileq.control import cancel_jobs
from fileq.errors import EnvironmentFailure, LedgerError
from fileq.job import JobState
from fileq.units import Duration
from fileq.worker import worker as worker_module
from fileq.worker.worker import StopReason, Worker
from tests.support.jobs import NOW, state


def one_slot(database, *, drain=True):
    """A worker with a queue of its own, that ends when all is done."""
    config = Config(settings=Settings(), origins=())
    return Worker(database, config, slots=1, queue="run-1", drain=drain, periodic=False)


@pytest.fixture
def worker(database, ledger, monkeypatch):
    monkeypatch.setattr(worker_module, "_CONTROL_INTERVAL", 0.02)
    with one_slot(database) as worker:
        yield worker


def send(ledger, shop, *steps):
    """A job with its message, in the worker's own queue."""
    job = shop.enter(*steps)
    ledger.database.connection.execute("update batches set queue = 'run-1'")
    queue.send(ledger, "run-1", ledger.jobs.filter_unsent_jobs([job]), NOW)
    return job


def once_it_dozes(mark, action):
    """Does something once the child is in the midst of its work."""
    left = [action]

    def on_tick(_activities):
        if left and mark.exists():
            left.pop()()

    return on_tick


def test_it_ends_when_all_is_done(worker, ledger, shop):
    job = send(ledger, shop)
    assert worker.run() is StopReason.DRAINED
    assert state(ledger, job) is JobState.DONE


@pytest.mark.timeout(20)
def test_a_job_that_is_cancelled_is_ended_at_once(worker, ledger, shop, tmp_path):
    mark = tmp_path / "dozing"
    job = send(ledger, shop, Doze(seconds=60, mark=str(mark)))
    assert worker.run(once_it_dozes(mark, lambda: cancel_jobs(ledger, [job], NOW))) is StopReason.DRAINED
    assert state(ledger, job) is JobState.CANCELLED


@pytest.mark.timeout(20)
def test_the_first_signal_lets_a_job_end_and_the_second_gives_it_back(worker, ledger, shop, tmp_path):
    told, mark = [], tmp_path / "dozing"

    def twice():
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)

    job = send(ledger, shop, Doze(seconds=60, mark=str(mark)))
    assert worker.run(once_it_dozes(mark, twice), lambda: told.append("stopping")) is StopReason.STOPPED
    assert state(ledger, job) is JobState.QUEUED
    assert told == ["stopping"]


@pytest.mark.timeout(20)
def test_who_drains_a_queue_sends_again_what_has_no_message(worker, ledger, shop):
    job = shop.enter()
    ledger.database.connection.execute("update batches set queue = 'run-1'")
    assert worker.run() is StopReason.DRAINED
    assert state(ledger, job) is JobState.DONE


@pytest.mark.timeout(20)
def test_so_does_now_and_then_a_worker_that_stays_and_has_no_upkeep(database, ledger, shop, monkeypatch):
    monkeypatch.setattr(queue, "PATIENCE", 0.1)
    with one_slot(database, drain=False) as worker:
        job = shop.enter()
        ledger.database.connection.execute("update batches set queue = 'run-1'")

        def stop_once_it_is_done(_activities):
            if state(ledger, job) is JobState.DONE:
                worker.stop()

        assert worker.run(stop_once_it_is_done) is StopReason.STOPPED


class BusyPeriodicTasks:
    """Upkeep that has something to do at the first few looks."""

    def __init__(self):
        self.looks, self.ticks = 0, 0

    @property
    def is_busy(self):
        self.looks += 1
        return self.looks < 5

    def tick(self):
        self.ticks += 1

    def stop(self):
        pass

    close = stop


def test_who_drains_a_queue_waits_for_the_upkeep_and_has_it_told_once_that_all_is_done(worker):
    worker._periodic_tasks = tasks = BusyPeriodicTasks()
    assert worker.run() is StopReason.DRAINED
    assert tasks.looks >= 5
    assert tasks.ticks == 1


def test_but_not_for_ever_where_somebody_is_still_to_be_told(worker, monkeypatch):
    monkeypatch.setattr(worker_module, "_NOTIFICATION_PATIENCE", 0.2)
    worker._periodic_tasks = tasks = BusyPeriodicTasks()
    monkeypatch.setattr(tasks, "tick", lambda: setattr(tasks, "looks", -(10**6)))  # the targets don't answer
    assert worker.run() is StopReason.DRAINED
    assert tasks.looks < 0


def test_while_all_is_paused_nothing_is_begun(worker, ledger, shop):
    job, ticks = send(ledger, shop), []
    ledger.batches.set_paused(paused=True)

    def go_on_later(_activities):
        ticks.append(state(ledger, job))
        if len(ticks) == 3:
            ledger.batches.set_paused(paused=False)

    assert worker.run(go_on_later) is StopReason.DRAINED
    assert ticks[:3] == [JobState.QUEUED] * 3
    assert state(ledger, job) is JobState.DONE


def test_who_is_to_drain_a_queue_gives_up_where_nothing_works_and_says_why(worker, ledger, shop, monkeypatch):
    monkeypatch.setattr(worker_module, "_GIVEN_UP", -1.0)
    send(ledger, shop)
    ledger.batches.set_paused(paused=True)
    worker._context.database_outage.begin(LedgerError("The database is locked.", "Wait."))
    with pytest.raises(EnvironmentFailure, match="locked"):
        worker.run()


@pytest.mark.timeout(20)
def test_so_it_does_where_it_can_not_even_write_that_it_is_alive(worker, ledger, shop, monkeypatch):
    def refuse(*_args, **_keys):
        raise LedgerError("The database is locked.", "Wait.")

    monkeypatch.setattr(worker_module, "_GIVEN_UP", 0.1)
    monkeypatch.setattr(worker._ledger.workers, "record_heartbeat", refuse)
    worker._settings = msgspec.structs.replace(worker._settings, heartbeat=Duration(0.01))
    send(ledger, shop)
    ledger.batches.set_paused(paused=True)
    with pytest.raises(EnvironmentFailure, match="locked"):
        worker.run()


def test_the_upkeep_of_a_worker_comes_with_each_minute(database, ledger, monkeypatch):
    tasks = BusyPeriodicTasks()
    monkeypatch.setattr(worker_module, "_create_periodic_tasks", lambda *_: tasks)
    config = Config(settings=Settings(), origins=())
    with Worker(database, config, slots=1) as worker:
        for minute in range(3):
            for task in worker._consumer.huey.read_periodic(dt.datetime(2026, 1, 1, 0, minute, tzinfo=dt.UTC)):
                worker._consumer.huey.execute(task)
    assert tasks.ticks == 3


def test_what_its_own_queue_still_has_is_left_to_every_worker(database, ledger, shop):
    job = send(ledger, shop)
    with one_slot(database):
        assert [one.queue for one in ledger.workers.list_workers()] == ["run-1"]
    assert ledger.workers.list_workers() == []
    assert ledger.batches.find_queue(job) == queue.MAIN

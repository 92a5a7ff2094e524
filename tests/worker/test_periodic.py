"""What a worker does by the clock: in threads of its own, told in the scheduler, whatever its slots do."""

import threading
import time
from datetime import UTC, datetime

import pytest

from fileq.config import Config
from fileq.config.settings import AddSettings, NotifySettings, ScheduleSettings, Settings, WatchSettings
from fileq.cron import Cron
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.notifications import enqueue_notification
from fileq.presence import this_process
from fileq.roots import use_roots
from fileq.worker.consumer import DirectScheduler
from fileq.worker.outages import LedgerAlarm, Outage
from fileq.worker.periodic import PeriodicTasks, run_task, run_task_now
from fileq.worker.tasks import create_huey
from tests.acceptance.program import wait_until
from tests.support.jobs import recipe

YEARLY = Cron("0 0 1 1 *")
OFF = Cron("off")


def config(*batches, **keys):
    schedule = ScheduleSettings(clean=OFF, report=OFF, health=OFF, rescan=OFF, add=batches)
    settings = Settings(recipes={"web": recipe("web")}, schedule=schedule, **keys)
    return Config(settings=settings, origins=())


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"pixels")
    return folder


def create_periodic_tasks(database, config, patience=5.0):
    return PeriodicTasks(
        database, config, patience, shortage=Outage("There is enough."), database_outage=Outage("It answers.")
    )


@pytest.fixture
def periodic_tasks(database, folder):
    periodic_tasks = create_periodic_tasks(
        database, config(AddSettings(cron=YEARLY, paths=(str(folder),), name="nightly"))
    )
    yield periodic_tasks
    periodic_tasks.close()


def entry(ledger):
    (entry,) = ledger.scheduled_tasks.list_entries()
    return entry


def make_due(ledger, periodic_tasks):
    """Have the one task due at the next tick."""
    periodic_tasks.tick()
    wait_until(lambda: not periodic_tasks.is_busy)
    known = entry(ledger)
    ledger.scheduled_tasks.postpone_entry(known.name, known.cron, time.time() - 1)


def test_a_batch_is_added_when_it_is_due_and_not_before(ledger, periodic_tasks):
    periodic_tasks.tick()
    wait_until(lambda: not periodic_tasks.is_busy)
    assert entry(ledger).outcome is None
    make_due(ledger, periodic_tasks)
    periodic_tasks.tick()
    wait_until(lambda: entry(ledger).outcome)
    assert (entry(ledger).outcome, entry(ledger).message) == ("done", "1 queued as batch 1.")
    assert ledger.overview.tally_jobs().jobs[JobState.QUEUED] == 1


def test_a_task_that_fails_says_why_and_is_tried_again(ledger, periodic_tasks, folder):
    make_due(ledger, periodic_tasks)
    (folder / "a.jpg").unlink()
    folder.rmdir()
    periodic_tasks.tick()
    wait_until(lambda: entry(ledger).outcome)
    assert entry(ledger).outcome == "failed"
    assert str(folder) in entry(ledger).message
    assert entry(ledger).retry_at is not None


def test_two_workers_run_it_once(ledger, database, periodic_tasks, folder):
    other = create_periodic_tasks(database, config(AddSettings(cron=YEARLY, paths=(str(folder),), name="nightly")))
    make_due(ledger, periodic_tasks)
    periodic_tasks.tick()
    other.tick()
    wait_until(lambda: not periodic_tasks.is_busy and not other.is_busy)
    other.close()
    assert [batch for (batch,) in _batches(ledger)] == [1]


def test_the_cleanup_is_left_to_a_worker_whose_host_has_more_roots(ledger, database, tmp_path):
    use_roots({"web": str(tmp_path)})
    try:
        other = ledger.workers.register_worker(this_process(), "fileq", 1, time.time())
    finally:
        use_roots({})
    schedule = ScheduleSettings(clean=YEARLY, report=OFF, health=OFF, rescan=OFF)
    periodic_tasks = create_periodic_tasks(database, Config(settings=Settings(schedule=schedule), origins=()))
    make_due(ledger, periodic_tasks)
    periodic_tasks.tick()
    wait_until(lambda: not periodic_tasks.is_busy)
    assert entry(ledger).started_at is None
    ledger.workers.unregister_worker(other.id)
    periodic_tasks.tick()
    wait_until(lambda: entry(ledger).outcome)
    assert entry(ledger).outcome == "done"
    periodic_tasks.close()


def test_what_is_periodic_is_done_by_the_clock_itself_and_no_message_waits(ledger):
    ticks = []
    huey = create_huey(ledger, "fileq", lambda: ticks.append(1))
    DirectScheduler(huey, threading.Event(), 1, True).enqueue_periodic_tasks(datetime(2026, 5, 17, tzinfo=UTC))
    assert ticks == [1]
    assert not ledger.messages.has_messages("fileq")


def test_a_fault_of_our_own_is_a_failed_task_and_no_end_of_the_worker(database):
    problem, _ = run_task(database, config(), "nothing", threading.Event())
    assert problem is not None
    assert problem.startswith("Something went wrong inside fileq: StopIteration")


def test_a_ledger_that_is_locked_for_long_is_told_past_it(ledger, database, tmp_path):
    told = tmp_path / "told"
    notify = NotifySettings(command=("cp", "/dev/stdin", str(told)))
    periodic_tasks = create_periodic_tasks(database, config(notify=notify), 0.1)
    periodic_tasks._alarm = LedgerAlarm(patience=0.0)
    with ledger.transaction():
        periodic_tasks.tick()
        wait_until(lambda: not periodic_tasks.is_busy)
    periodic_tasks.close()
    assert "is locked by another program" in told.read_text()


def test_what_was_told_is_sent_in_the_background(ledger, database, tmp_path):
    told = tmp_path / "told"
    notify = NotifySettings(command=("cp", "/dev/stdin", str(told)))
    enqueue_notification(ledger, notify, "report", "Weekly", "All was done.", time.time())
    periodic_tasks = create_periodic_tasks(database, config(notify=notify))
    periodic_tasks.tick()
    wait_until(lambda: not periodic_tasks.is_busy)
    periodic_tasks.close()
    assert "All was done." in told.read_text()
    assert ledger.notifications.list_notifications() == []


def test_a_watched_folder_without_a_watcher_is_caught_up_with(ledger, database, folder):
    wanted = config(watch=(WatchSettings(path=str(folder), recipe="web"),))
    assert run_task_now(database, wanted, "rescan") == ("done", f"1 queued of {folder}.")
    assert run_task_now(database, wanted, "rescan") == ("done", "All is as it should be.")
    assert ledger.overview.tally_jobs().jobs[JobState.QUEUED] == 1


def test_a_watched_folder_that_is_not_there_is_told(database, tmp_path):
    wanted = config(watch=(WatchSettings(path=str(tmp_path / "away"), recipe="web"),))
    outcome, message = run_task_now(database, wanted, "rescan")
    assert outcome == "done"
    assert "away: it can't be read" in message


def _batches(ledger: Ledger):
    with ledger.database.reading() as connection:
        return connection.execute("select id from batches").fetchall()

"""What a worker does by the clock, beside its slots: neither a backlog of jobs nor a pause holds it up."""

import logging
import threading
import time
from collections.abc import Callable, Collection
from functools import partial

from fileq.config import Config, locate_broker
from fileq.errors import BrokerError, BrokerRefused, DatabaseReplaced, FileqError, LedgerError, find_shortage
from fileq.health.checks.clock import ClockMonitor
from fileq.ledger import open_ledger
from fileq.ledger.tables.workers import is_worker_gone
from fileq.notifications import deliver_notifications, enqueue_event_notifications, send_now
from fileq.presence import hostname, this_process
from fileq.process.isolated import IsolatedRunStopped, run_isolated
from fileq.process.thread import BoundedStartThread
from fileq.queue import check_common_broker, connect_broker, open_connected_ledger
from fileq.roots import this_hosts_roots
from fileq.schedule.scheduler import Scheduler, TaskRun
from fileq.schedule.tasks import TaskContext, find_task
from fileq.timezone import local_zone
from fileq.worker.outages import LedgerAlarm, Outage
from fileq.worker.recovery import HeartbeatWatch, recover

_END_PATIENCE, _CUT_PATIENCE = 1.5, 0.5
"""Seconds that tasks have to end when the worker stops, and the sender of notifications once it is cut off.

What they had not done, the next worker does.
"""

_RETRY = 1.0
_RECOVERY_THREAD, _DELIVERY_THREAD = "fileq-recovery", "fileq-delivery"
_DELIVERY = 300.0
"""Seconds that the sending of notifications may take; what is left is sent a minute later."""

_log = logging.getLogger("fileq")


class PeriodicTasks:
    """Recovery, notifications, and the tasks that are due. Each task has a thread, and a ledger of its own.

    `shortage` and `database_outage` are the worker's: what its slots have said already is not said again.
    """

    def __init__(
        self, database: str, config: Config, patience: float, *, shortage: Outage, database_outage: Outage
    ) -> None:
        self._ledger = open_connected_ledger(database, patience, locate_broker(config))
        self._config = config
        self._notify = config.settings.notify
        self._clock = ClockMonitor(self._ledger.now)
        self._heartbeats = HeartbeatWatch()
        self._alarm = LedgerAlarm()
        self._shortage = shortage
        self._database_outage = database_outage
        self._broker_conflict = Outage("", every=float("inf"))
        self._stop = threading.Event()
        self._cut = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._scheduler = Scheduler(self._ledger, config.settings.schedule.lines, local_zone(), this_process())
        self._scheduler.delete_obsolete_entries()

    def tick(self) -> None:
        """Begin what is to be done each minute, in threads, if the last ones have ended.

        Huey's scheduler calls this, and must not be held up. Recovery touches people's folders, and may hang where a
        drive does; it then holds up nothing but itself.
        """
        self._start_alone(_RECOVERY_THREAD, partial(self._guarded, self._recover))
        self._start_alone("fileq-tick", partial(self._guarded, self._notify_and_start_tasks))

    def recover_from_deaths(self) -> None:
        """Recover at once where a worker is gone: its jobs are not to wait for the minute. Raises LedgerError."""
        now, heartbeat = self._ledger.now(), self._config.settings.worker.heartbeat
        if any(is_worker_gone(worker, now, heartbeat) for worker in self._ledger.workers.list_workers()):
            self._start_alone(_RECOVERY_THREAD, partial(self._guarded, self._recover))

    @property
    def is_busy(self) -> bool:
        """Whether any task still runs."""
        return bool(self._alive())

    def stop(self) -> None:
        """Tell the tasks that run to end soon."""
        self._stop.set()

    def close(self) -> None:
        """Wait for a moment until the tasks have ended, and cut off what is still sent then."""
        self.stop()
        self._join(_END_PATIENCE)
        self._cut.set()
        self._join(_CUT_PATIENCE)
        if not self.is_busy:
            self._ledger.close()

    def _join(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        for thread in self._alive():
            thread.join(max(0.0, deadline - time.monotonic()))

    def _alive(self) -> list[threading.Thread]:
        with self._lock:
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            return self._threads

    def _start_alone(self, name: str, function: Callable[[], None]) -> None:
        """Have a thread do it, unless one of that name does already."""
        if not any(thread.name == name for thread in self._alive()):
            self._start(name, function)

    def _start(self, name: str, function: Callable[[], None]) -> bool:
        thread = BoundedStartThread(target=function, name=name)
        with self._lock:
            try:
                thread.start()
            except (RuntimeError, MemoryError) as error:
                self._shortage.report(f"The scheduled tasks wait for a minute: {find_shortage(error) or error}")
                return False
            self._threads.append(thread)
        return True

    def _guarded(self, work: Callable[[float], None]) -> None:
        try:
            work(self._ledger.now())
        except DatabaseReplaced:  # the worker ends, and says it
            return
        except LedgerError as error:
            self._database_outage.report(f"The scheduled tasks wait for a minute: {error}")
        except Exception as error:  # noqa: BLE001  # a thread's end would say less, and the next minute tries again
            if lack := find_shortage(error):
                self._shortage.report(f"The scheduled tasks wait for a minute: {lack}")
            else:
                _log.warning("Something went wrong inside fileq: %s: %s", type(error).__name__, error)

    def _recover(self, now: float) -> None:
        """Recover; as that writes to the ledger each time, it is the first to see when nobody can any more."""
        try:
            recover(self._ledger, now, self._config.settings.worker.heartbeat, self._heartbeats)
        except LedgerError as error:
            if self._alarm.note_failure(now):
                self._start_alone(_DELIVERY_THREAD, partial(self._report_ledger_failure, error))
            raise
        self._alarm.reset()
        try:
            check_common_broker(self._ledger)
        except BrokerRefused as error:
            self._broker_conflict.report(str(error))
        except BrokerError:  # the slots say it
            return

    def _notify_and_start_tasks(self, now: float) -> None:
        self._record_clock_jump(now)
        self._send_notifications(now)
        for run in self._scheduler.claim_due_tasks(now, self._tasks_for_others(now)):
            if not self._start(f"fileq-{run.name}", partial(self._run, run)):
                self._record_end(run, "It could not be started.", "")

    def _tasks_for_others(self, now: float) -> Collection[str]:
        """Return the tasks that a worker which is there can do better: it cleans up in roots that this host lacks."""
        here, heartbeat = this_hosts_roots().present, self._config.settings.worker.heartbeat
        there = (one for one in self._ledger.workers.list_workers() if not is_worker_gone(one, now, heartbeat))
        return ["clean"] if any(here < one.roots for one in there) else []

    def _record_clock_jump(self, now: float) -> None:
        jump = self._clock.measure_jump()
        if jump is not None:
            self._ledger.checks.record_clock_jump(jump, now)

    def _send_notifications(self, now: float) -> None:
        enqueue_event_notifications(self._ledger, self._notify, now)
        if self._notify.is_on and self._ledger.notifications.has_due_notification(now):
            self._start_alone(_DELIVERY_THREAD, self._deliver)

    def _deliver(self) -> None:
        """Send notifications in a process of its own.

        A mail server that hangs, and all that Apprise needs, are no part of the worker. It may end what it has begun
        when the worker stops: a notification that is cut off waits for its lease to pass.
        """
        try:
            run_isolated(
                deliver_notifications,
                self._ledger.database.address,
                self._notify,
                self._ledger.now(),
                seconds=_DELIVERY,
                stop=self._cut,
            )
        except IsolatedRunStopped:
            return
        except FileqError as error:
            _log.warning("Notices could not be sent: %s", error)

    def _report_ledger_failure(self, trouble: LedgerError) -> None:
        """Tell people that the ledger can't be used, past its outbox."""
        title, body = "fileq can't use its database", f"{trouble}\n\nOn {hostname()}. fileq doctor shows more."
        try:
            problems = run_isolated(send_now, self._notify, title, body, seconds=_DELIVERY, stop=self._stop)
        except IsolatedRunStopped:
            return
        except FileqError as error:
            problems = [str(error)]
        for problem in problems:
            _log.warning("A notice could not be sent: %s", problem)

    def _run(self, run: TaskRun) -> None:
        problem, message = run_task(self._ledger.database.address, self._config, run.name, self._stop)
        self._record_end(run, problem, message)

    def _record_end(self, run: TaskRun, problem: str | None, message: str) -> None:
        # Until it is written down, the task counts as running, and is not run again.
        while not self._try_record_end(run, problem, message):
            if self._stop.wait(_RETRY):
                break
        if problem is not None:
            _log.warning("%s went wrong: %s", run.name, problem)

    def _try_record_end(self, run: TaskRun, problem: str | None, message: str) -> bool:
        try:
            if self._stop.is_set() and problem is None:
                self._scheduler.stop_run(run, self._ledger.now())
            else:
                self._scheduler.end_run(run, self._ledger.now(), problem, message)
        except LedgerError:
            return False
        return True


def run_task(database: str, config: Config, name: str, stop: threading.Event) -> tuple[str | None, str]:
    """Run a task; return what went wrong, or None, and what it has to say."""
    try:
        with open_ledger(database) as ledger:
            connect_broker(ledger, locate_broker(config))
            return None, find_task(config.settings, name)(TaskContext(ledger, config, stop), ledger.now())
    except IsolatedRunStopped:
        return None, ""
    except FileqError as error:
        return str(error), ""
    except Exception as error:  # noqa: BLE001  # whatever it is, this task has failed, and doctor shows it
        _log.debug("%s went wrong inside fileq", name, exc_info=True)
        return f"Something went wrong inside fileq: {type(error).__name__}: {error}.", ""


def run_task_now(database: str, config: Config, name: str) -> tuple[str, str]:
    """Run a task here and now; return its outcome, "done" or "failed", and what it said.

    Raises UsageError, LedgerError.
    """
    with open_ledger(database) as ledger:
        scheduler = Scheduler(ledger, config.settings.schedule.lines, local_zone(), this_process())
        run = scheduler.claim_task(name, ledger.now())
        problem: str | None = "It was stopped."
        message = ""
        try:
            problem, message = run_task(database, config, name, threading.Event())
        finally:
            scheduler.end_run(run, ledger.now(), problem, message)
    return ("done", message) if problem is None else ("failed", problem)

"""The worker: its slots, its signals, and looks at what was cancelled or paused."""

import signal
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from fileq import control, queue, signals
from fileq.config import Config, locate_broker
from fileq.errors import DatabaseReplaced, EnvironmentFailure, FileqError, LedgerError
from fileq.hooks.dispatcher import HookDispatcher
from fileq.ledger.tables.attempts import Fenced
from fileq.ledger.tables.workers import Instruction
from fileq.process.forkserver import prepare
from fileq.process.memory_budget import MemoryBudget, usable_memory
from fileq.process.sandbox import KillReason
from fileq.queue import open_connected_ledger
from fileq.queue.storage import close_listeners
from fileq.worker.consumer import SlotConsumer, find_polling
from fileq.worker.drain import QueueDrain
from fileq.worker.ended_job import EndedJob
from fileq.worker.outages import FolderOutages, Outage, retry_lost
from fileq.worker.recovery import recover, sweep_after_boot
from fileq.worker.registration import Registration
from fileq.worker.root_watch import RootWatch
from fileq.worker.slot import SlotActivity, SlotContext
from fileq.worker.tasks import create_huey

if TYPE_CHECKING:
    from fileq.worker.periodic import PeriodicTasks

_PATIENCE = 60.0
"""Seconds to wait for another process's transaction: a worker has time, and results to lose."""

_LAST_PATIENCE = 2.0
"""The same once it is to stop: whoever carries on finds what could not be written down."""

_NOTIFICATION_PATIENCE = 30.0
"""Seconds that a draining worker stays to send notifications; what it has not sent by then, the next one sends."""

_GIVEN_UP = 60.0
"""Seconds without handles, memory or database after which a worker that is to drain its queue ends."""

_TICK, _IDLE_TICK = 0.1, 0.25
_CONTROL_INTERVAL = 0.25
"""Seconds between two looks at what was cancelled or paused."""


class StopReason(StrEnum):
    """Why a worker has ended."""

    DRAINED = "drained"
    STOPPED = "stopped"
    GIVEN_UP = "given up"


class Worker:
    """A worker: it signs on when it is made, and signs off when its `with` block ends.

    `queue` is the queue it serves; `drain` ends it when nothing is left to do there. `on_ended` is told, in the slots'
    threads, of each job that has ended here. Raises LedgerError.
    """

    def __init__(
        self,
        database: str,
        config: Config,
        *,
        slots: int,
        queue: str = queue.MAIN,
        drain: bool = False,
        periodic: bool = True,
        on_ended: Callable[[EndedJob], None] | None = None,
    ) -> None:
        prepare()
        self._ledger = open_connected_ledger(database, _PATIENCE, locate_broker(config))
        self._settings = config.settings.worker
        self._root_watch = RootWatch(self._ledger)
        shortage = Outage("fileq has what it needs again: the jobs go on.")
        database_outage = Outage("The database answers again: the jobs go on.")
        self._periodic_tasks = _create_periodic_tasks(database, config, shortage, database_outage) if periodic else None
        self._hooks = HookDispatcher(self._ledger, config)
        self._queue = queue
        self._drain = drain
        self._queue_drain = QueueDrain(self._ledger, queue, self._settings.heartbeat)
        self._on_tick: Callable[[Sequence[SlotActivity]], None] | None = None
        self._on_stop: Callable[[], None] | None = None
        self._on_hangup: Callable[[], None] | None = None
        self._registration = Registration(
            self._ledger, queue, slots, interval=self._settings.heartbeat, on_heartbeat=self._on_heartbeat
        )
        self._looked_at = self._sent_at = time.monotonic()
        self._reason: StopReason | None = None
        self._stops_at_once = False
        self.was_signalled = False
        """Whether it was a signal that has told it to stop."""
        self._failure: FileqError | None = None
        self._notified_at: float | None = None
        self._context = self._create_context(shortage, database_outage, on_ended)
        self._huey = huey = create_huey(
            self._ledger, queue, self._periodic_tasks.tick if self._periodic_tasks is not None else None
        )
        self._consumer = SlotConsumer(
            self._context,
            self._tick,
            huey=huey,
            workers=slots,
            periodic=periodic,
            **find_polling(self._ledger, drain=drain),
        )

    def _create_context(
        self, shortage: Outage, database_outage: Outage, on_ended: Callable[[EndedJob], None] | None
    ) -> SlotContext:
        return SlotContext(
            ledger=self._ledger,
            settings=self._settings,
            queue=self._queue,
            worker_id=lambda: self._registration.record.id,
            paused=threading.Event(),
            idle=threading.Event(),
            dequeue_lock=threading.Lock(),
            memory=MemoryBudget(usable_memory()),
            shortage=shortage,
            database_outage=database_outage,
            broker_outage=Outage("The broker answers again: the jobs go on."),
            on_ended=on_ended,
            folder_outages=None if self._drain else FolderOutages(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Sign off."""
        try:
            try:
                self._hooks.close()
                if self._periodic_tasks is not None:
                    self._periodic_tasks.close()
            finally:
                retry_lost(self._registration.sign_off)
        finally:
            close_listeners(self._huey)
            self._ledger.close()

    def _recover(self) -> None:
        recover(self._ledger, self._ledger.now(), self._settings.heartbeat)
        sweep_after_boot(self._ledger, self._ledger.now())

    def run(
        self,
        on_tick: Callable[[Sequence[SlotActivity]], None] | None = None,
        on_stop: Callable[[], None] | None = None,
        on_hangup: Callable[[], None] | None = None,
    ) -> StopReason:
        """Work until stopped or drained. The first SIGINT or SIGTERM lets the running jobs end, the second doesn't.

        `on_tick` is called in this thread with what each slot does, about ten times a second while one does something,
        and four times else; `on_stop` once, when the worker is told to stop; `on_hangup` at each SIGHUP, which else is
        like SIGTERM. Raises EnvironmentFailure where it is to drain, and nothing works for a minute; BrokerRefused;
        DatabaseReplaced.
        """
        self._on_tick, self._on_stop, self._on_hangup = on_tick, on_stop, on_hangup
        with signals.handled(dict.fromkeys(("SIGINT", "SIGTERM", "SIGHUP"), self._on_signal)):
            if signals.was_signalled():  # before we were ready
                self.stop()
            retry_lost(
                lambda: queue.refuse_later_worker(self._ledger, self._registration.record, self._settings.heartbeat)
            )
            retry_lost(self._recover)
            queue.check_broker(self._ledger)
            retry_lost(self._hooks.start)
            retry_lost(self._apply_cancellations_and_pause)
            self._consumer.run()
            for slot in self._consumer.slots:
                slot.end_rest()
        if isinstance(self._failure, DatabaseReplaced):
            raise self._failure
        if self._failure is not None:
            raise EnvironmentFailure(
                f"{self._failure.message} That has lasted for a minute.",
                f"{self._failure.hint} What is left waits in the queue.",
            )
        return self._reason or StopReason.STOPPED

    def keep_alive(self) -> None:
        """Write a heartbeat where one is due; for who has work to do before the worker runs."""
        self._registration.keep_alive()

    def adopt(self, job_ids: Collection[int]) -> None:
        """Wait for the end of these jobs as well, which the queue has messages of: see `fileq.queue.adoption`."""
        self._queue_drain.adopt(job_ids)

    def stop(self) -> None:
        """Let the running jobs end, and take no new ones. For other threads."""
        self._stop(StopReason.STOPPED)

    def _on_signal(self, number: int, _frame: object) -> None:
        if number == getattr(signal, "SIGHUP", None) and self._on_hangup is not None:
            self._on_hangup()
            return
        self._stops_at_once = self._reason is StopReason.STOPPED
        self.was_signalled = True
        self._stop(StopReason.STOPPED)

    def _stop(self, reason: StopReason) -> None:
        self._reason = reason
        if reason is not StopReason.DRAINED:
            self._ledger.database.limit_patience(_LAST_PATIENCE)
        self._consumer.stop_flag.set()
        if self._periodic_tasks is not None:
            self._periodic_tasks.stop()

    def _tick(self) -> None:
        self._wait()
        if self._drain and self._reason is None:
            self._give_up_where_nothing_works()
        for slot in self._consumer.slots:
            slot.sandbox.check_memory()
            if self._stops_at_once:
                slot.sandbox.stop(KillReason.STOPPED)
        if self._has_its_database():
            with suppress(LedgerError):  # the next tick asks again
                self._check_ledger(time.monotonic())
        if self._on_stop is not None and self._reason is StopReason.STOPPED:
            self._on_stop()
            self._on_stop = None
        if self._on_tick is not None:
            with suppress(LedgerError):  # what it shows comes from there
                self._on_tick([slot.activity for slot in self._consumer.slots])

    def _has_its_database(self) -> bool:
        try:
            self._ledger.database.check_identity()
        except DatabaseReplaced as error:
            self._stops_at_once = True  # what runs can't be published any more
            self._give_up(error)
            return False
        except LedgerError as error:
            self._context.database_outage.begin(error)
            return False
        return True

    def _wait(self) -> None:
        """Wait a moment, in which the slots work; not longer than until one is idle, where that may be the end."""
        if self._consumer.stop_flag.is_set():
            self._consumer.join(_TICK)
        elif self._drain:
            self._context.idle.wait(_TICK)
            self._context.idle.clear()
        else:
            time.sleep(_TICK if any(slot.sandbox.token for slot in self._consumer.slots) else _IDLE_TICK)

    def _check_ledger(self, moment: float) -> None:
        self.keep_alive()
        for slot in self._consumer.slots:
            slot.give_back_late_claims()
        if moment - self._looked_at >= _CONTROL_INTERVAL:
            self._looked_at = moment
            self._apply_cancellations_and_pause()
        if self._drain:
            self._stop_when_drained(moment)
        if self._periodic_tasks is None and moment - self._sent_at >= queue.PATIENCE:  # which else does it
            self._sent_at = moment
            control.resend_jobs(self._ledger, self._queue, self._ledger.now())

    def _on_heartbeat(self) -> None:
        self._root_watch.look()  # the next heartbeat tells others which roots were there
        if self._periodic_tasks is not None:
            self._periodic_tasks.recover_from_deaths()

    def _apply_cancellations_and_pause(self) -> None:
        """Stop attempts whose token is void, and take no new job while all is paused."""
        instruction = self._ledger.workers.find_instruction(self._registration.record.id)
        if instruction is Instruction.STOP and self._reason is None:
            self.stop()
        if instruction is not None or self._ledger.batches.is_paused():
            self._context.paused.set()
        else:
            self._context.paused.clear()
        for slot in self._consumer.slots:
            token = slot.sandbox.token
            if token is not None:
                try:
                    self._ledger.attempts.check_token(token)
                except Fenced:
                    slot.sandbox.stop(KillReason.CANCELLED, token)

    def _stop_when_drained(self, moment: float) -> None:
        """Stop when the queue has no unfinished job; where messages were lost, send them again."""
        if any(slot.sandbox.token for slot in self._consumer.slots) or self._awaits_periodic_tasks(moment):
            return
        if not self._queue_drain.has_work_left():
            self._stop_or_notify(moment)
        elif not self._context.paused.is_set():
            self._queue_drain.pick_up_lost_jobs(moment)

    def _give_up_where_nothing_works(self) -> None:
        """Stop where nothing has worked for a minute: somebody waits for the end, and is to hear what is missing."""
        if any(slot.sandbox.token for slot in self._consumer.slots):
            return
        for outage in (self._context.shortage, self._context.database_outage, self._context.broker_outage):
            if outage.error is not None and outage.seconds > _GIVEN_UP:
                self._give_up(outage.error)
        if (error := self._registration.find_failure(_GIVEN_UP)) is not None:
            self._give_up(error)

    def _give_up(self, error: FileqError | None) -> None:
        self._failure = error
        self._stop(StopReason.GIVEN_UP)

    def _awaits_periodic_tasks(self, moment: float) -> bool:
        """Return whether periodic tasks run that are worth waiting for, such as the sending of notifications."""
        if self._periodic_tasks is None or not self._periodic_tasks.is_busy:
            return False
        return self._notified_at is None or moment - self._notified_at < _NOTIFICATION_PATIENCE

    def _stop_or_notify(self, moment: float) -> None:
        """Stop, as all is done; but have the notifications of that sent, and hooks called, before."""
        if self._periodic_tasks is None or self._notified_at is not None:
            if not self._hooks.is_delivering():
                self._stop(StopReason.DRAINED)
        else:
            self._notified_at = moment
            self._periodic_tasks.tick()


def _create_periodic_tasks(database: str, config: Config, shortage: Outage, database_outage: Outage) -> "PeriodicTasks":
    from fileq.worker.periodic import PeriodicTasks  # noqa: PLC0415  # `fileq run` does without, and starts sooner

    return PeriodicTasks(database, config, _PATIENCE, shortage=shortage, database_outage=database_outage)

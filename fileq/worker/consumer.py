"""Huey's consumer with its workers and its scheduler, as far as fileq's differ: each worker has a slot."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fileq.config import is_server
from fileq.errors import Shortage, find_shortage
from fileq.ledger import Ledger
from fileq.process.thread import BoundedStartThread
from fileq.queue.huey_library import (
    Consumer,
    ConsumerStopped,
    HueyWorker,
    Scheduler,
    Task,
    ThreadEnvironment,
)
from fileq.worker.slot import Slot, SlotContext

_TURN = 1.0
"""Seconds after which a slot that waits for its turn to look for a message looks whether the worker stops."""


class SlotThread(HueyWorker):  # type: ignore[misc]  # huey has no types
    """Huey's worker, which takes messages for a slot, and has them executed in it."""

    def __init__(self, context: SlotContext, **options: Any) -> None:
        super().__init__(**options)
        self.delay: float
        self.slot = Slot(context, self.stop_flag)

    def initialize(self) -> None:
        """Start the slot's child, so that the first job need not wait for it."""
        with suppress(Shortage):  # the first attempt tries again, and says it
            self.slot.sandbox.start()
        super().initialize()

    def shutdown(self) -> None:
        """End the slot's child, and leave no job with the slot."""
        self.slot.put_back(())
        self.slot.sandbox.close()
        super().shutdown()

    def loop(self, now: Any = None) -> None:
        """Take one message, and have its jobs processed."""
        if self.slot.is_held_up:
            self.stop_flag.wait(0.1)
            return
        task = None
        with self._surviving("A message can't be read"):
            self.slot.give_back()
            task = self._next_task()
        if task is not None:
            task.slot = self.slot
            with self._surviving("A message can't be served"):
                self.huey.execute(task, now)

    def _next_task(self) -> Task | None:
        """Take a message off the queue, and wait a moment where there is none.

        One slot does that at a time: with many, waiting costs as much as with one.
        """
        context = self.slot.context
        if not context.dequeue_lock.acquire(timeout=_TURN):
            return None
        try:
            task = self.huey.dequeue()
            self.slot.note_answer()
            if task is None:
                self.sleep()
            else:
                self.delay = self.default_delay
            return task
        finally:
            context.dequeue_lock.release()

    @contextmanager
    def _surviving(self, what: str) -> Iterator[None]:
        """Go on after a message with which something goes wrong; a database that doesn't answer is said once."""
        try:
            with self.slot.surviving_outages():
                yield
        except Exception:  # one that nobody can read must not end the slot
            self._logger.exception(what)
            self.sleep()

    def sleep(self) -> None:
        """Wait until the next look for a message: each time longer while there is none."""
        self.slot.context.idle.set()
        self.delay = min(self.delay, self.max_delay)
        self.huey.storage.wait(self.delay)
        self.delay *= self.backoff


class DirectScheduler(Scheduler):  # type: ignore[misc]  # huey has no types
    """Huey's scheduler, which runs periodic tasks itself: as messages, they would wait behind all jobs, or a pause."""

    def enqueue_periodic_tasks(self, now: Any) -> None:
        """Run the periodic tasks of this minute."""
        for task in self.huey.read_periodic(now):
            task.execute()


class BoundedThreadEnvironment(ThreadEnvironment):  # type: ignore[misc]  # huey has no types
    """Huey's threads, whose start can't hang for want of memory."""

    def create_process(self, runnable: Callable[[], None], name: str) -> BoundedStartThread:
        """Return a thread, not started, for a worker or the scheduler."""
        return BoundedStartThread(target=runnable, name=name)


class SlotConsumer(Consumer):  # type: ignore[misc]  # huey has no types
    """Huey's consumer, whose workers have slots, and whose main loop and signals are fileq's worker's.

    `on_loop` is called again and again in the thread that runs it, and takes its time.
    """

    scheduler_class = DirectScheduler

    def __init__(self, context: SlotContext, on_loop: Callable[[], None], **options: Any) -> None:
        self._context = context
        self._on_loop = on_loop
        super().__init__(**options)

    def get_environment(self, worker_type: str) -> BoundedThreadEnvironment:
        """Return what makes the threads. `worker_type` is always "thread"."""
        del worker_type
        return BoundedThreadEnvironment()

    def _create_worker(self) -> SlotThread:
        return SlotThread(
            self._context,
            huey=self.huey,
            stop_flag=self.stop_flag,
            default_delay=self.default_delay,
            max_delay=self.max_delay,
            backoff=self.backoff,
        )

    @property
    def slots(self) -> list[Slot]:
        return [worker.slot for worker, _ in self.worker_threads]

    def _set_signal_handlers(self) -> None:
        """The worker has set its own."""

    def run(self) -> None:
        """Run until stopped. However it ends, no thread of it goes on: it would use what its owner closes."""
        try:
            super().run()
        finally:
            self.stop_flag.set()
            for _, thread in (*self.worker_threads, (None, self.scheduler)):
                if thread.is_alive():
                    thread.join()

    def loop(self, health_check_ts: float | None = None) -> float | None:
        """Call `on_loop`, and replace threads that died. Raises ConsumerStopped once all slots have ended."""
        try:
            self._on_loop()
            if not self.stop_flag.is_set():
                self.check_worker_health()
        except Exception as error:
            lack = find_shortage(error)
            if lack is None:
                raise
            self._context.shortage.begin(lack)
        if self.stop_flag.is_set() and not self.is_busy:
            raise ConsumerStopped
        return health_check_ts

    @property
    def is_busy(self) -> bool:
        """Whether any slot's thread still runs."""
        return any(thread.is_alive() for _, thread in self.worker_threads)

    def join(self, seconds: float) -> None:
        """Wait for the slots to end, one of them for so long."""
        for _, thread in self.worker_threads:
            if thread.is_alive():
                thread.join(seconds)
                return


_POLLING = {"initial_delay": 0.005, "backoff": 1.5, "max_delay": 0.08}
"""Seconds between two looks for a message, growing while there is none. A look with its wait costs 0.2 ms."""
_WAITING = {**_POLLING, "max_delay": 1.0}
"""The same where the database, or the broker, says when one has come."""


def find_polling(ledger: Ledger, *, drain: bool) -> dict[str, float]:
    """Return how a worker looks for messages; one that drains its queue is to see its end soon."""
    is_told = ledger.outbox is not None or is_server(ledger.database.address)
    return _WAITING if is_told and not drain else _POLLING

"""Huey's consumer, made ours: its workers are slots, its clock does what is periodic itself."""

from collections.abc import Callable
from typing import Any

from huey.consumer import Consumer, ConsumerStopped, Scheduler

from fileq.worker.slot import Post, Slot


class Clock(Scheduler):  # type: ignore[misc]  # huey has no types
    """Huey's scheduler, which does what is periodic itself: as a message, it would wait behind all jobs, or a pause."""

    def enqueue_periodic_tasks(self, now: Any) -> None:
        for task in self.huey.read_periodic(now):
            task.execute()


class Crew(Consumer):  # type: ignore[misc]  # huey has no types
    """Huey's consumer, whose workers are our slots, and whose main loop and signals are ours."""

    scheduler_class = Clock

    def __init__(self, post: Post, on_loop: Callable[[], None], **options: Any) -> None:
        self._post = post
        self._on_loop = on_loop
        super().__init__(**options)

    def _create_worker(self) -> Slot:
        return Slot(
            self._post,
            huey=self.huey,
            stop_flag=self.stop_flag,
            default_delay=self.default_delay,
            max_delay=self.max_delay,
            backoff=self.backoff,
        )

    @property
    def slots(self) -> list[Slot]:
        return [slot for slot, _ in self.worker_threads]

    def _set_signal_handlers(self) -> None:
        """The worker has set its own."""

    def loop(self, health_check_ts: float | None = None) -> float | None:
        self._on_loop()
        if not self.stop_flag.is_set():
            self.check_worker_health()
        elif not self.busy:
            raise ConsumerStopped
        return health_check_ts

    @property
    def busy(self) -> bool:
        return any(thread.is_alive() for _, thread in self.worker_threads)

    def join(self, seconds: float) -> None:
        """Wait for the slots to end, one of them for so long."""
        for _, thread in self.worker_threads:
            if thread.is_alive():
                thread.join(seconds)
                return

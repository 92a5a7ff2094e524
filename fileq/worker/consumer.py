"""Huey's consumer, made ours: its workers are slots, its clock does what is periodic itself."""

from collections.abc import Callable
from typing import Any

from huey.consumer import Consumer, ConsumerStopped, Scheduler

from fileq.errors import shortage
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

    def run(self) -> None:
        """Until stopped. However it ends, no thread of it goes on: it would use what its owner closes."""
        try:
            super().run()
        finally:
            self.stop_flag.set()
            for _, thread in (*self.worker_threads, (None, self.scheduler)):
                if thread.ident is not None:
                    thread.join()

    def loop(self, health_check_ts: float | None = None) -> float | None:
        try:
            self._on_loop()
            if not self.stop_flag.is_set():
                self.check_worker_health()
        except Exception as error:
            lack = shortage(error)
            if lack is None:
                raise
            self._post.shortage.begin(lack)
        if self.stop_flag.is_set() and not self.busy:
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

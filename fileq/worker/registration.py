"""A worker's row in the ledger, and the heartbeats by which others know that it lives."""

import time
from collections.abc import Callable

from fileq import queue
from fileq.errors import LedgerError
from fileq.ledger import Ledger
from fileq.ledger.tables.workers import WorkerRecord
from fileq.presence import this_process


class Registration:
    """Signs a worker on when it is made. `interval` is the seconds between two heartbeats.

    `on_heartbeat` is called after each. Raises LedgerError.
    """

    def __init__(
        self, ledger: Ledger, queue_name: str, slots: int, *, interval: float, on_heartbeat: Callable[[], None]
    ) -> None:
        self._ledger = ledger
        self._queue = queue_name
        self._interval = interval
        self._on_heartbeat = on_heartbeat
        self.record = self._register(slots)
        self._beat_at = time.monotonic()
        self._unwritten: tuple[float, LedgerError] | None = None

    def _register(self, slots: int) -> WorkerRecord:
        return queue.register_worker(self._ledger, this_process(), self._queue, slots)

    def keep_alive(self) -> None:
        """Write a heartbeat where one is due. Raises LedgerError."""
        moment = time.monotonic()
        if moment - self._beat_at < self._interval:
            return
        self._beat_at = moment
        try:
            self._record_heartbeat()
        except LedgerError as error:
            self._unwritten = self._unwritten or (time.monotonic(), error)
            raise
        self._unwritten = None

    def _record_heartbeat(self) -> None:
        now = self._ledger.now()
        if not self._ledger.workers.record_heartbeat(self.record.id, now, clock_offset=time.time() - now):
            self.record = self._register(self.record.slots)  # we slept, and were taken for dead
        self._on_heartbeat()

    def find_failure(self, seconds: float) -> LedgerError | None:
        """Return why no heartbeat could be written for so long; where no job runs, nothing else shows it."""
        if self._unwritten is None or time.monotonic() - self._unwritten[0] <= seconds:
            return None
        return self._unwritten[1]

    def sign_off(self) -> None:
        """Strike the worker off; what a queue of its own still has goes to the one that every worker serves."""
        with self._ledger.transaction():
            self._ledger.workers.unregister_worker(self.record.id)
            if self._queue != queue.MAIN:
                self._ledger.messages.delete_ended_messages(self._queue)
                queue.move_queue(self._ledger, self._queue, to=queue.MAIN)

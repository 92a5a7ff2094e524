"""What a queue of a program has open: the ledger, and what goes on beside it in threads. It outlives forks."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from fileq.api.job_watcher import JobWatcher
from fileq.errors import QueueClosed
from fileq.process.fork_safety import tell_of_forks
from fileq.queue import open_connected_ledger

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from fileq.config import Config
    from fileq.ledger import Ledger

_PATIENCE = 5.0
"""Seconds to wait for another's transaction, as commands do."""


class QueueConnection:
    """An open ledger, with the config and the address of the database that it was opened by. Raises LedgerError."""

    def __init__(self, config: Config, database: str, broker: str | None) -> None:
        self.config = config
        self.database = database
        self._broker = broker
        self._ledger: Ledger | None = open_connected_ledger(database, _PATIENCE, broker)
        self._watcher = JobWatcher(self._ledger)
        self._threads: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        tell_of_forks(self)

    @property
    def ledger(self) -> Ledger:
        """The ledger, safe for all threads. Raises QueueClosed."""
        if self._ledger is None:
            raise QueueClosed
        return self._ledger

    @property
    def watcher(self) -> JobWatcher:
        """What tells of the ends of jobs. Raises QueueClosed."""
        if self._ledger is None:
            raise QueueClosed
        return self._watcher

    @property
    def threads(self) -> ThreadPoolExecutor:
        """The one thread that does for event loops what takes a moment. Raises QueueClosed."""
        with self._lock:
            if self._ledger is None:
                raise QueueClosed
            if self._threads is None:
                from concurrent.futures import ThreadPoolExecutor  # for event loops alone

                self._threads = ThreadPoolExecutor(1, "fileq-queue")
            return self._threads

    def close(self) -> None:
        """Close all. Whoever waits for a job is told."""
        with self._lock:
            ledger, self._ledger = self._ledger, None
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown()
        if ledger is not None:
            self._watcher.give_up(QueueClosed())
            ledger.close()

    def before_fork(self) -> None:
        """Let nobody close or start threads meanwhile. The ledger gets ready by itself."""
        self._lock.acquire()

    def after_fork(self, *, in_child: bool) -> None:
        """Go on, in a child without the parent's threads and those who wait for them."""
        if in_child:
            self._watcher.after_fork()
            self._threads = None
        self._lock.release()

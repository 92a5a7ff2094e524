"""The context that every check is given: the ledger, the config, and the time."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from fileq.config import Config
from fileq.errors import LedgerError
from fileq.health.check import Finding
from fileq.ledger import Ledger
from fileq.ledger.tables.workers import WorkerRecord, is_worker_gone


class NoDatabaseYet(Exception):
    """Nothing was ever queued, so there is nothing to check."""


class DiskSpace(NamedTuple):
    """The space of a disk, in bytes."""

    total: int
    free: int


@dataclass(frozen=True, kw_only=True)
class CheckContext:
    """`opened_ledger` is the ledger, or why it could not be opened, or None where there is no database yet.

    `now` is in seconds since the epoch, `measure_space` returns the space of the disk of a folder, and raises OSError.
    `thorough`: every page of the database is read, also where that was done a moment ago.
    """

    opened_ledger: Ledger | LedgerError | None
    config: Config
    database_path: str
    now: float
    thorough: bool
    measure_space: Callable[[str], DiskSpace]

    @property
    def ledger(self) -> Ledger:
        """The open ledger. Raises LedgerError, NoDatabaseYet."""
        if self.opened_ledger is None:
            raise NoDatabaseYet
        if isinstance(self.opened_ledger, LedgerError):
            raise self.opened_ledger
        return self.opened_ledger

    @property
    def heartbeat(self) -> float:
        """Seconds between two signs of life of a worker."""
        return self.config.settings.worker.heartbeat

    @functools.cached_property
    def workers(self) -> list[WorkerRecord]:
        """All workers that are registered."""
        return self.ledger.workers.list_workers()

    @functools.cached_property
    def live_workers(self) -> list[WorkerRecord]:
        """The registered workers that are still there."""
        return [worker for worker in self.workers if not is_worker_gone(worker, self.now, self.heartbeat)]


class CheckFunction(Protocol):
    """A check: it examines one thing, changes nothing, and may raise whatever goes wrong."""

    def __call__(self, context: CheckContext, /) -> Finding: ...

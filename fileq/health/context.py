"""What every check is given."""

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
    """Nothing was ever queued, so there is nothing to look at."""


class Room(NamedTuple):
    """Of a disk, in bytes."""

    total: int
    free: int


@dataclass(frozen=True)
class Case:
    """`opened` is the ledger, or why it could not be opened, or None where there is no database yet.

    `database` is its path, `now` seconds since the epoch, `room` answers how full the disk of a folder is, and raises
    OSError. `thorough`: every page of the database is looked at, also where that was done a moment ago.
    """

    opened: Ledger | LedgerError | None
    config: Config
    database: str
    now: float
    thorough: bool
    room: Callable[[str], Room]

    @property
    def ledger(self) -> Ledger:
        """Raises LedgerError, NoDatabaseYet."""
        if self.opened is None:
            raise NoDatabaseYet
        if isinstance(self.opened, LedgerError):
            raise self.opened
        return self.opened

    @property
    def heartbeat(self) -> float:
        return self.config.settings.worker.heartbeat

    @functools.cached_property
    def workers(self) -> list[WorkerRecord]:
        """All that are entered."""
        return self.ledger.workers.list_workers()

    @functools.cached_property
    def alive(self) -> list[WorkerRecord]:
        """Those of them that are really there."""
        return [worker for worker in self.workers if not is_worker_gone(worker, self.now, self.heartbeat)]


class Look(Protocol):
    """A check: it looks at one thing, changes nothing, and may raise whatever goes wrong."""

    def __call__(self, case: Case, /) -> Finding: ...

"""What a check is given, the context, and what it says: a finding, and the result that carries the check's name."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import NamedTuple, Protocol

import msgspec

from fileq.config import Config
from fileq.errors import LedgerError
from fileq.ledger import Ledger
from fileq.ledger.tables.workers import WorkerRecord, is_worker_gone

DATABASE_CHECK, DISK_CHECK = "database", "disk"
"""The names of the two checks that others depend on, or that can't wait."""


class CheckState(StrEnum):
    """How well a thing is."""

    OK = "ok"
    WARNING = "warning"  # worth a look; nothing is lost or stands still
    BAD = "bad"


_WORST_FIRST = [CheckState.BAD, CheckState.WARNING, CheckState.OK]


class Finding(msgspec.Struct, frozen=True):
    """What was found, in sentences. Where it isn't ok, `remedy` says what to do about it.

    Where several things were found, each has a line of the message, and the same line of the remedy.
    """

    state: CheckState
    message: str
    remedy: str = ""


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """A finding under the name of the check that made it."""

    name: str
    state: CheckState
    message: str
    remedy: str

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Each thing that was found, and its remedy, "" where it has none."""
        return list(zip_longest(self.message.split("\n"), self.remedy.split("\n"), fillvalue=""))


def ok(message: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(CheckState.OK, _line(message))


def warning(message: str, remedy: str) -> Finding:
    """Return a finding that is worth a look."""
    return Finding(CheckState.WARNING, _line(message), remedy)


def bad(message: str, remedy: str) -> Finding:
    """Return a finding that needs somebody to act."""
    return Finding(CheckState.BAD, _line(message), remedy)


def _line(message: str) -> str:
    """Return the message in one line: a file's name may hold the end of a line."""
    return message.replace("\n", "\\n")


def combine(findings: Iterable[Finding], otherwise: Finding) -> Finding:
    """Return all findings that aren't ok as one, the worst first; `otherwise` where all are ok."""
    not_ok = sorted(
        (finding for finding in findings if finding.state is not CheckState.OK),
        key=lambda finding: _WORST_FIRST.index(finding.state),
    )
    if not not_ok:
        return otherwise
    pairs = dict.fromkeys((finding.message, finding.remedy) for finding in not_ok)
    return Finding(
        not_ok[0].state, "\n".join(message for message, _ in pairs), "\n".join(remedy for _, remedy in pairs)
    )


def shorten_list(names: Iterable[object], shown: int = 3) -> str:
    """Return the first three of some names as text, and how many more there are."""
    listed = [str(name) for name in names]
    more = f" and {len(listed) - shown:,} more" if len(listed) > shown else ""
    return ", ".join(listed[:shown]) + more


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
    database_address: str
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

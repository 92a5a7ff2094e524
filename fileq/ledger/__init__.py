"""The ledger: the tables that say what must be done and what was done. The truth."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from fileq.config.database_address import is_server
from fileq.ledger.database import open_database
from fileq.ledger.queries.moved_folders import MovedFolders
from fileq.ledger.queries.prior_jobs import PriorJobs
from fileq.ledger.tables.batches import Batches
from fileq.ledger.tables.jobs import Jobs
from fileq.ledger.tables.messages import QueueMessages
from fileq.ledger.tables.meta import Meta
from fileq.ledger.tables.outputs import LeftoverTemps, Outputs
from fileq.ledger.tables.sent_messages import SentMessages
from fileq.ledger.tables.sources.folders import Folders
from fileq.ledger.tables.workers import Workers

if TYPE_CHECKING:
    from fileq.ledger.queries.durations import Durations
    from fileq.ledger.queries.health import HealthQueries
    from fileq.ledger.queries.history import History
    from fileq.ledger.queries.output_names import OutputNames
    from fileq.ledger.queries.overview import Overview
    from fileq.ledger.queries.retention import Retention
    from fileq.ledger.queries.standing_outputs import StandingOutputs
    from fileq.ledger.queries.tombstones import Tombstones
    from fileq.ledger.queries.work import WorkQueries
    from fileq.ledger.tables.attempts import Attempts
    from fileq.ledger.tables.checks import Checks
    from fileq.ledger.tables.counters import Counters
    from fileq.ledger.tables.hook_calls import HookCalls
    from fileq.ledger.tables.hooks import Hooks
    from fileq.ledger.tables.notifications import Notifications
    from fileq.ledger.tables.replaced_files import ReplacedFiles
    from fileq.ledger.tables.schedule import ScheduledTasks
    from fileq.ledger.tables.sources.dispositions import Dispositions
    from fileq.ledger.tables.sources.job_sources import JobSources
    from fileq.ledger.tables.sources.pending_events import PendingEvents
    from fileq.ledger.tables.sources.watches import Watches
    from fileq.queue.outbox import Outbox

__all__ = ["Ledger"]


class Ledger:
    """One database file, by its rooms. Safe to share between threads; each process opens its own.

    Raises LedgerError, also later, where the file can't be used.
    """

    def __init__(self, path: str, patience: float = 5.0) -> None:
        self.database = open_database(path, patience)
        self.jobs = Jobs(self.database)
        self.outputs = Outputs(self.database)
        self.leftover_temps = LeftoverTemps(self.database)
        self.folders = Folders(self.database)
        self.batches = Batches(self.database)
        self.workers = Workers(self.database)
        self.prior_jobs = PriorJobs(self.database)
        self.moved_folders = MovedFolders(self.database)
        self.messages = QueueMessages(self.database)
        self.sent_messages = SentMessages(self.database)
        self.meta = Meta(self.database)
        self.outbox: Outbox | None = None
        """None where messages lie in the database itself: see `fileq.queue.connect_broker`."""
        try:
            self.name = self.meta.find_value("ledger") or ""
            """A short random name, so that the temp files of two ledgers are never taken for one another."""
            self.secret = self.meta.find_value("secret") or ""
            """What makes the names of temp files, which others may see, unforeseeable."""
            name = self.name if is_server(self.database.address) else os.path.basename(path)
            self.replaced_folder = os.path.join(self.database.folder, f".{name}.replaced")
            """Where files are kept that outputs have taken the place of, of the same drive as that folder."""
        except BaseException:
            self.close()
            raise

    def transaction(self, *, durable: bool = False) -> AbstractContextManager[object]:
        """Have all that is done in the block happen together, or not at all."""
        if self.outbox is None:
            return self.database.transaction(durable=durable)
        return self._sending_transaction(self.outbox, durable=durable)

    @contextmanager
    def _sending_transaction(self, outbox: "Outbox", *, durable: bool) -> Iterator[None]:
        with outbox.holding(), self.database.transaction(durable=durable):
            yield

    def now(self) -> float:
        """Return the time, in seconds since the epoch, by the clock that all who use this ledger go by."""
        return self.database.now()

    def close(self) -> None:
        self.database.close()

    # What few commands need is imported at its first use: each `add` would pay for all.

    @cached_property
    def attempts(self) -> "Attempts":
        from fileq.ledger.tables.attempts import Attempts

        return Attempts(self.database)

    @cached_property
    def overview(self) -> "Overview":
        from fileq.ledger.queries.overview import Overview

        return Overview(self.database)

    @cached_property
    def counters(self) -> "Counters":
        from fileq.ledger.tables.counters import Counters

        return Counters(self.database)

    @cached_property
    def dispositions(self) -> "Dispositions":
        from fileq.ledger.tables.sources.dispositions import Dispositions

        return Dispositions(self.database)

    @cached_property
    def job_sources(self) -> "JobSources":
        from fileq.ledger.tables.sources.job_sources import JobSources

        return JobSources(self.database)

    @cached_property
    def health(self) -> "HealthQueries":
        from fileq.ledger.queries.health import HealthQueries

        return HealthQueries(self.database)

    @cached_property
    def durations(self) -> "Durations":
        from fileq.ledger.queries.durations import Durations

        return Durations(self.database)

    @cached_property
    def history(self) -> "History":
        from fileq.ledger.queries.history import History

        return History(self.database)

    @cached_property
    def retention(self) -> "Retention":
        from fileq.ledger.queries.retention import Retention

        return Retention(self.database)

    @cached_property
    def standing_outputs(self) -> "StandingOutputs":
        from fileq.ledger.queries.standing_outputs import StandingOutputs

        return StandingOutputs(self.database)

    @cached_property
    def tombstones(self) -> "Tombstones":
        from fileq.ledger.queries.tombstones import Tombstones

        return Tombstones(self.database)

    @cached_property
    def work(self) -> "WorkQueries":
        from fileq.ledger.queries.work import WorkQueries

        return WorkQueries(self.database)

    @cached_property
    def notifications(self) -> "Notifications":
        from fileq.ledger.tables.notifications import Notifications

        return Notifications(self.database)

    @cached_property
    def hooks(self) -> "Hooks":
        from fileq.ledger.tables.hooks import Hooks

        return Hooks(self.database)

    @cached_property
    def hook_calls(self) -> "HookCalls":
        from fileq.ledger.tables.hook_calls import HookCalls

        return HookCalls(self.database)

    @cached_property
    def checks(self) -> "Checks":
        from fileq.ledger.tables.checks import Checks

        return Checks(self.database)

    @cached_property
    def scheduled_tasks(self) -> "ScheduledTasks":
        from fileq.ledger.tables.schedule import ScheduledTasks

        return ScheduledTasks(self.database)

    @cached_property
    def watches(self) -> "Watches":
        from fileq.ledger.tables.sources.watches import Watches

        return Watches(self.database)

    @cached_property
    def pending_events(self) -> "PendingEvents":
        from fileq.ledger.tables.sources.pending_events import PendingEvents

        return PendingEvents(self.database)

    @cached_property
    def replaced_files(self) -> "ReplacedFiles":
        from fileq.ledger.tables.replaced_files import ReplacedFiles

        return ReplacedFiles(self.database)

    @cached_property
    def output_names(self) -> "OutputNames":
        from fileq.ledger.queries.output_names import OutputNames

        return OutputNames(self.database)


@contextmanager
def open_ledger(path: str) -> Iterator[Ledger]:
    ledger = Ledger(path)
    try:
        yield ledger
    finally:
        ledger.close()

"""Jobs that a program has done in its own process: by a worker that serves them alone, and ends with them."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from fileq.config.slots import slot_count
from fileq.errors import UsageError
from fileq.job import JobState
from fileq.worker.own_queue import add_for_worker, name_own_queue
from fileq.worker.worker import Worker

if TYPE_CHECKING:
    from fileq.api.connection import QueueConnection
    from fileq.intake import AddRequest, AddResult
    from fileq.worker.slot import SlotActivity

_EVERY = 0.2
"""Seconds between two calls of a program's `progress` at least."""


class RunProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is: its jobs in all, how many have ended, and how many of these are done or have failed."""

    total: int
    ended: int
    done: int
    failed: int


def run_here(
    connection: QueueConnection,
    request: AddRequest,
    workers: int | None,
    progress: Callable[[RunProgress], object] | None,
) -> AddResult:
    """Queue files, do their jobs in children of this process, and return what became of the files.

    Raises MissingPathsError, LedgerError, EnvironmentFailure; KeyboardInterrupt once a Ctrl-C has let the running jobs
    end; and what `progress` raises, after the same.
    """
    if multiprocessing.current_process().daemon:
        raise UsageError(
            "A daemonic process can't have children, and jobs are done in children.",
            "Run in the main process, or in one that is not daemonic; or add, and have a worker do it.",
        )
    queue, slots = name_own_queue(), slot_count(workers, connection.config)
    with Worker(connection.database, connection.config, slots=slots, queue=queue, drain=True, periodic=False) as worker:
        result = add_for_worker(worker, connection.ledger, request, queue)
        reporter = _ProgressReporter(connection, worker, result, progress)
        if result.has_jobs:
            worker.run(reporter.on_tick)
    if reporter.error is not None:
        raise reporter.error
    if worker.was_signalled:
        raise KeyboardInterrupt
    reporter.report()
    if reporter.error is not None:
        raise reporter.error
    return result


class _ProgressReporter:
    def __init__(
        self,
        connection: QueueConnection,
        worker: Worker,
        result: AddResult,
        progress: Callable[[RunProgress], object] | None,
    ) -> None:
        self._connection = connection
        self._worker = worker
        self._result = result
        self._progress = progress
        self._reported_at = 0.0
        self.error: BaseException | None = None
        """What the program's function has raised: the worker ends well before that is told."""

    def on_tick(self, _slots: Sequence[SlotActivity]) -> None:
        """Report at times; stop the worker where that goes wrong."""
        moment = time.monotonic()
        if self.error is None and moment - self._reported_at >= _EVERY:
            self._reported_at = moment
            self.report()  # where the ledger can't be asked now, the worker goes on, and this is called again

    def report(self) -> None:
        """Tell the program how far the run is; stop the worker where what it does goes wrong. Raises LedgerError."""
        if self._progress is not None:
            jobs = self._connection.ledger.overview.tally_jobs(self._result.scope).jobs if self._result.has_jobs else {}
            ended = sum(count for state, count in jobs.items() if state.is_final)
            so_far = RunProgress(
                total=sum(jobs.values()),
                ended=ended,
                done=jobs.get(JobState.DONE, 0),
                failed=jobs.get(JobState.FAILED, 0),
            )
            try:
                self._progress(so_far)
            except BaseException as error:  # noqa: BLE001  # it is raised once the worker has ended
                self.error = error
                self._worker.stop()

"""The live view of `status`: the unfinished batches, what runs, what is in the way, and what failed last."""

import time

import msgspec

from fileq.cli.session import Session
from fileq.cli.views.hosts import host_lines
from fileq.cli.views.outcome.ended_jobs import failed_job_line
from fileq.cli.views.places import relative_path
from fileq.cli.work.costs import CostBook
from fileq.cli.work.progress import ProgressTracker, follow_progress, start_tracker
from fileq.display import BatchProgress, Progress, StatusView, Text, Tone
from fileq.errors import ErrorKind
from fileq.health.checks.roots import missing_roots
from fileq.health.hosts import HostState, examine_hosts, examine_workers
from fileq.ledger import Ledger
from fileq.ledger.queries.overview import JobTally
from fileq.ledger.queries.work import BatchSummary, WaitingTotal
from fileq.units import describe_bytes_change, describe_count, describe_seconds

_BATCHES_SHOWN = 10
_REASONS_SHOWN = 3
_FAILURES_SHOWN = 3
_POLL_WORKERS_INTERVAL = 2.0

_REASONS = {
    ErrorKind.NO_SPACE: "disk full in",
    ErrorKind.MISSING: "drive away of",
    ErrorKind.PERMISSION: "can't write to",
}
"""Why a folder keeps jobs waiting."""


class LiveStatus:
    """What `status --live` shows, of one batch or of all, look by look."""

    def __init__(self, session: Session, ledger: Ledger, batch_id: int | None) -> None:
        self._session = session
        self._ledger = ledger
        self._batch_id = batch_id
        self._book = CostBook(ledger)
        self._trackers: dict[int, ProgressTracker] = {}
        self._summaries: dict[int, BatchSummary] = {}
        self._total = start_tracker(ledger, batch_id, book=self._book)
        self._has_worker = True
        self._missing_roots: list[str] = []
        self._host_lines: list[Text] = []
        self._look_for_workers_at = 0.0
        self.is_over = False
        """Whether the batch that was asked for had nothing left to do at the last look."""

    def look(self) -> StatusView:
        """Return what there is to see now. Raises LedgerError."""
        self._look_for_workers()
        tally = self._ledger.overview.tally_jobs(self._batch_id)
        self.is_over = not tally.unfinished
        unfinished = self._ledger.work.list_unfinished_batches()
        if self._batch_id is not None:
            unfinished = [batch for batch in unfinished if batch == self._batch_id]
        shown = unfinished[:_BATCHES_SHOWN]
        for gone in set(self._trackers) - set(shown):
            del self._trackers[gone], self._summaries[gone]
        return StatusView(
            batches=[self._batch(batch) for batch in shown],
            more_batches=len(unfinished) - len(shown),
            total=self._progress(self._total, tally, self._batch_id),
            notes=[*self._host_lines, *self._obstacles(bool(unfinished)), *self._saved(shown), *self._failures()],
        )

    def _batch(self, batch_id: int) -> BatchProgress:
        if batch_id not in self._trackers:
            self._trackers[batch_id] = start_tracker(self._ledger, batch_id, book=self._book)
            self._summaries[batch_id] = self._ledger.work.summarize_batch(batch_id)
        summary = self._summaries[batch_id]
        tally = self._ledger.overview.tally_jobs(batch_id)
        return BatchProgress(
            batch_id=batch_id,
            source=relative_path(summary.source),
            recipes=", ".join(summary.recipe_names),
            progress=_without_elapsed(self._progress(self._trackers[batch_id], tally, batch_id)),
        )

    def _progress(self, tracker: ProgressTracker, tally: JobTally, batch_id: int | None) -> Progress:
        return follow_progress(self._ledger, tracker, tally, batch_id, has_worker=self._has_worker)

    def _look_for_workers(self) -> None:
        if time.monotonic() >= self._look_for_workers_at:
            self._look_for_workers_at = time.monotonic() + _POLL_WORKERS_INTERVAL
            now, heartbeat = self._ledger.now(), self._session.config.settings.worker.heartbeat
            statuses = examine_workers(self._ledger, self._ledger.overview.list_running_jobs(), heartbeat, now)
            workers = [status.record for status in statuses if status.activity is not HostState.GONE]
            self._has_worker, self._missing_roots = bool(workers), missing_roots(self._ledger, workers)
            self._host_lines = host_lines(examine_hosts(self._ledger, statuses, now), now)

    def _obstacles(self, is_work_left: bool) -> list[Text]:
        """Return why it doesn't go on, as far as it doesn't."""
        now = self._ledger.now()
        lines = []
        if is_work_left and not self._has_worker:
            lines.append(Text(f"No worker. Start: {self._session.command('worker')}", Tone.WARNING))
        if is_work_left:
            lines += [Text(f"{sentence}.", Tone.WARNING) for sentence in self._missing_roots]
        if self._ledger.batches.is_paused():
            lines.append(Text(f"Paused. Go on: {self._session.command('resume')}", Tone.WARNING))
        waiting = self._ledger.work.total_waiting(self._batch_id)
        lines += [waiting_line(total, now) for total in waiting[:_REASONS_SHOWN]]
        scheduled = self._ledger.work.count_scheduled(now, self._batch_id)
        if scheduled:
            lines.append(Text(f"{describe_count(scheduled, 'job')} scheduled for later", Tone.QUIET))
        return lines

    def _saved(self, batch_ids: list[int]) -> list[Text]:
        tallies = [self._ledger.overview.tally_jobs(batch) for batch in batch_ids]
        bytes_in, bytes_out = sum(tally.bytes_in for tally in tallies), sum(tally.bytes_out for tally in tallies)
        return [Text(f"bytes  {describe_bytes_change(bytes_in, bytes_out)}", Tone.GOOD)] if bytes_in else []

    def _failures(self) -> list[Text]:
        jobs = self._ledger.work.list_recent_failures(_FAILURES_SHOWN, self._batch_id)
        lines = [failed_job_line(job, source, failure) for job, source, failure in jobs]
        return [Text("The last failures:", Tone.QUIET), *lines] if lines else []


def _without_elapsed(progress: Progress) -> Progress:
    """Return the progress without the time since somebody began to look."""
    return msgspec.structs.replace(progress, elapsed=None, bytes_saved=0)


def waiting_line(total: WaitingTotal, now: float) -> Text:
    """Return 6 wait: disk full in tiny/, next try in 12 s."""
    verb = "waits" if total.jobs == 1 else "wait"
    seconds = describe_seconds(max(0.0, round(total.due_at - now)))
    after = f", next try in {seconds}" if total.due_at > now else ", about to be tried again"
    reason = _REASONS.get(ErrorKind(total.kind)) if total.kind in set(ErrorKind) else None
    if reason is None:
        return Text(f"{total.jobs:,} {verb}: {total.kind}{after}", Tone.WARNING)
    return Text(f"{total.jobs:,} {verb}: {reason} ", Tone.WARNING, path=f"{relative_path(total.folder)}/", after=after)

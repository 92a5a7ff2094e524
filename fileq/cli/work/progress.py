"""The progress of the work: how fast it goes, how long it will take, and following it to its end."""

import time
from collections.abc import Callable, Sequence

from fileq.cli.session import Session
from fileq.cli.views.outcome.ended_jobs import failed_job_line
from fileq.cli.views.outcome.failure_lines import FailureLines
from fileq.cli.work.costs import CostBook
from fileq.cli.work.meter import RunningWork, WorkMeter
from fileq.display import Display, Progress, SlotProgress
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.job_group import Scope, is_within
from fileq.ledger.queries.overview import JobSelection, JobTally, RunningJob
from fileq.lookup import live_workers

_POLL_INTERVAL = 0.2
_POLL_WORKERS_INTERVAL = 2.0
_REST = 10


class ProgressTracker:
    """Makes progress out of tallies. What had ended at the first one doesn't count, unless `whole`.

    Without `whole`, it begins anew when there is work again after there was none: nobody cares for last week's.
    """

    def __init__(
        self,
        first: JobTally,
        now: float,
        meter: WorkMeter,
        *,
        whole: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Begin with the tally `first` at the monotonic time `now`, in seconds; `meter` knows that jobs differ.

        `clock` is the ledger's, in seconds since the epoch.
        """
        self._clock = clock
        self._whole = whole
        self._meter = meter
        self._begin(first, now)

    def _begin(self, before: JobTally, now: float) -> None:
        self._begun = now
        self._last = before
        self._ended_before = 0 if self._whole else _ended(before)
        self._failed_before = 0 if self._whole else before.jobs[JobState.FAILED]
        self._saved_before = 0 if self._whole else before.bytes_saved

    def progress(
        self,
        tally: JobTally,
        now: float,
        *,
        slots: Sequence[SlotProgress] = (),
        running: Sequence[RunningWork] = (),
        paused: bool = False,
        has_worker: bool = True,
    ) -> Progress:
        """Return the progress that a later tally shows, with the rate of the last half minute. Raises LedgerError."""
        if tally.unfinished and not self._last.unfinished and not self._whole:
            self._begin(self._last, now)
            self._meter.restart(self._clock())
        self._last = tally
        ended = _ended(tally)
        work = self._meter.measure(now, self._clock(), running) if tally.unfinished else None
        return Progress(
            ended=max(0, ended - self._ended_before),
            total=max(0, ended - self._ended_before) + tally.unfinished,
            failed=max(0, tally.jobs[JobState.FAILED] - self._failed_before),
            share=None if work is None else work.share,
            rate_per_minute=work.rate_per_minute if work is not None and has_worker else 0.0,
            seconds_left=work.seconds_left if work is not None and has_worker and not paused else None,
            elapsed=now - self._begun,
            bytes_saved=tally.bytes_saved - self._saved_before,
            slots=slots,
            paused=paused,
        )


def _ended(tally: JobTally) -> int:
    return tally.total - tally.unfinished


def start_tracker(ledger: Ledger, scope: Scope, *, book: CostBook | None = None) -> ProgressTracker:
    """Return a tracker of a whole batch, or of all batches from now on. Raises LedgerError."""
    return ProgressTracker(
        ledger.overview.tally_jobs(scope),
        time.monotonic(),
        WorkMeter(ledger, scope, ledger.now(), book),
        whole=scope is not None,
        clock=ledger.now,
    )


def follow(session: Session, ledger: Ledger, scope: Scope, display: Display) -> JobTally:
    """Show progress and failures until nothing of a batch, a group, or all batches is left. Returns the last tally."""
    tally = ledger.overview.tally_jobs(scope)
    tracker = start_tracker(ledger, scope)
    failures = FailureFeed(ledger, scope, display)
    notice = PauseNotice(session, display)
    look_for_workers_at = 0.0
    were_missing = False
    while tally.unfinished:
        now = time.monotonic()
        if now >= look_for_workers_at:
            look_for_workers_at = now + _POLL_WORKERS_INTERVAL
            were_missing = _hint_at_missing_workers(session, ledger, display, were_missing=were_missing)
        failures.show_new(tally)
        progress = follow_progress(ledger, tracker, tally, scope, has_worker=not were_missing)
        notice.show(paused=progress.paused)
        display.show_progress(progress)
        # A look at each job of a large group takes a while: it is to take a small part of the time.
        time.sleep(max(_POLL_INTERVAL, _REST * (time.monotonic() - now)))
        tally = ledger.overview.tally_jobs(scope)
    failures.show_new(tally)
    failures.close()
    display.clear_progress()
    return tally


def follow_progress(
    ledger: Ledger, tracker: ProgressTracker, tally: JobTally, scope: Scope, *, has_worker: bool
) -> Progress:
    """Return the progress of jobs that other processes do too, with a slot for each that runs."""
    jobs = [job for job in ledger.overview.list_running_jobs() if is_within(scope, job.job_id, job.batch_id)]
    moment = ledger.now()
    return tracker.progress(
        tally,
        time.monotonic(),
        slots=[SlotProgress(job.source, job.recipe_name, max(0.0, moment - job.started_at)) for job in jobs],
        running=[running_work(job, moment) for job in jobs],
        paused=ledger.batches.is_paused(),
        has_worker=has_worker,
    )


def running_work(job: RunningJob, moment: float) -> RunningWork:
    """Return what a meter wants to know of a job that runs, `moment` seconds since the epoch."""
    return RunningWork(job.fingerprint, job.size, max(0.0, moment - job.started_at))


class PauseNotice:
    """Says that nothing begins while all is paused, to who waits for the end: each time that a pause begins."""

    def __init__(self, session: Session, display: Display) -> None:
        self._session = session
        self._display = display
        self._was_paused = False

    def show(self, *, paused: bool) -> None:
        """Say it, where that is news."""
        if paused and not self._was_paused:
            self._display.hint(f"All is paused: no job begins. Go on with: {self._session.command('resume')}")
        self._was_paused = paused


class FailureFeed:
    """Shows the failures of a batch, or of all, as they come, whoever finds them; those that were there are not new."""

    def __init__(self, ledger: Ledger, scope: Scope, display: Display) -> None:
        self._ledger = ledger
        self._lines = FailureLines(display)
        self._selection = JobSelection(states=[JobState.FAILED], batch_id=scope)
        self._known = set(ledger.overview.list_job_ids(self._selection))

    def show_new(self, tally: JobTally) -> None:
        """Show what has failed since the last call, where the tally says that there is any."""
        self._lines.update()
        if tally.jobs[JobState.FAILED] == len(self._known):
            return
        found = set(self._ledger.overview.list_job_ids(self._selection))
        for job_id in sorted(found - self._known):
            job = self._ledger.overview.find_job(job_id)
            if job is not None and job.failure is not None:
                self._lines.show(failed_job_line(job.id, job.source, job.failure))
        self._known = found

    def close(self) -> None:
        """Say how many failures were not shown."""
        self._lines.close()


def _hint_at_missing_workers(session: Session, ledger: Ledger, display: Display, *, were_missing: bool) -> bool:
    """Say once that no worker runs; again when some have come and gone. Returns whether none runs."""
    are_missing = not live_workers(ledger, session.config)
    if are_missing and not were_missing:
        display.hint(session.no_worker_hint)
    return are_missing

"""Following what others do, to its end: `wait` and `add --wait`."""

import time

from fileq.cli.session import Session
from fileq.cli.views.progress import ProgressTracker
from fileq.cli.workers import NO_WORKER_HINT, live_workers
from fileq.display import Display, SlotProgress
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.queries.overview import JobSelection, JobTally

_LOOK_EVERY = 0.2
_LOOK_FOR_WORKERS_EVERY = 2.0


def follow(session: Session, ledger: Ledger, batch_id: int | None, display: Display) -> JobTally:
    """Show progress until nothing of the batch, or of all, is left to do; then answer the sums."""
    tally = ledger.overview.tally_jobs(batch_id)
    tracker = ProgressTracker(tally, time.monotonic(), whole=batch_id is not None)
    look_for_workers_at = 0.0
    missed = False
    while tally.unfinished:
        now = time.monotonic()
        if now >= look_for_workers_at:
            look_for_workers_at = now + _LOOK_FOR_WORKERS_EVERY
            missed = _miss_workers(session, ledger, display, missed=missed)
        paused = ledger.batches.is_paused()
        display.show_progress(tracker.progress(tally, now, slots=running_slots(ledger, batch_id), paused=paused))
        time.sleep(_LOOK_EVERY)
        tally = ledger.overview.tally_jobs(batch_id)
    display.clear_progress()
    return tally


def running_slots(ledger: Ledger, batch_id: int | None) -> list[SlotProgress]:
    now = time.time()
    jobs = ledger.overview.list_jobs(JobSelection([JobState.RUNNING], batch_id))
    return [SlotProgress(job.source, job.recipe, max(0.0, now - (job.started_at or now))) for job in jobs]


def _miss_workers(session: Session, ledger: Ledger, display: Display, *, missed: bool) -> bool:
    """Say once that nobody works; again when they have come and gone."""
    missing = not live_workers(ledger, session.config)
    if missing and not missed:
        display.hint(NO_WORKER_HINT)
    return missing

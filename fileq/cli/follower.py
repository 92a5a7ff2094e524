"""Following what others do, to its end: `wait` and `add --wait`."""

import time

from fileq.cli.session import Session
from fileq.cli.views.progress import Pace
from fileq.cli.workers import NO_WORKER, alive
from fileq.display import Display, SlotProgress
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.queries.overview import JobSelection, JobTally

_LOOK_EVERY = 0.2
_LOOK_FOR_WORKERS_EVERY = 2.0


def follow(session: Session, ledger: Ledger, batch: int | None, display: Display) -> JobTally:
    """Show progress until nothing of the batch, or of all, is left to do; then answer the sums."""
    tally = ledger.overview.tally_jobs(batch)
    pace = Pace(tally, time.monotonic(), whole=batch is not None)
    look_for_workers_at = 0.0
    missed = False
    while tally.unfinished:
        now = time.monotonic()
        if now >= look_for_workers_at:
            look_for_workers_at = now + _LOOK_FOR_WORKERS_EVERY
            missed = _miss_workers(session, ledger, display, missed=missed)
        paused = ledger.batches.is_paused()
        display.show_progress(pace.progress(tally, now, slots=running(ledger, batch), paused=paused))
        time.sleep(_LOOK_EVERY)
        tally = ledger.overview.tally_jobs(batch)
    display.clear_progress()
    return tally


def running(ledger: Ledger, batch: int | None) -> list[SlotProgress]:
    now = time.time()
    jobs = ledger.overview.list_jobs(JobSelection([JobState.RUNNING], batch))
    return [SlotProgress(job.source, job.recipe, max(0.0, now - (job.started_at or now))) for job in jobs]


def _miss_workers(session: Session, ledger: Ledger, display: Display, *, missed: bool) -> bool:
    """Say once that nobody works; again when they have come and gone."""
    missing = not alive(ledger, session.config)
    if missing and not missed:
        display.hint(NO_WORKER)
    return missing

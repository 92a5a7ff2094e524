"""The progress of the work: how fast it goes, how long it will take, and following it to its end."""

import time
from collections import deque
from collections.abc import Sequence

from fileq.cli.lookup import NO_WORKER_HINT, live_workers
from fileq.cli.session import Session
from fileq.display import Display, Progress, SlotProgress
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.queries.overview import JobSelection, JobTally

_WINDOW = 30.0
_POLL_INTERVAL = 0.2
_POLL_WORKERS_INTERVAL = 2.0


class ProgressTracker:
    """Makes progress out of tallies. What had ended at the first one doesn't count, unless `whole`."""

    def __init__(self, first: JobTally, now: float, *, whole: bool = False) -> None:
        """Begin with the tally `first` at the monotonic time `now`, in seconds."""
        self._ended_before = 0 if whole else _ended(first)
        self._failed_before = 0 if whole else first.jobs[JobState.FAILED]
        self._samples = deque([(now, _ended(first))])

    def progress(
        self, tally: JobTally, now: float, *, slots: Sequence[SlotProgress] = (), paused: bool = False
    ) -> Progress:
        """Return the progress that a later tally shows, with the rate of the last half minute."""
        ended = _ended(tally)
        self._samples.append((now, ended))
        while len(self._samples) > 2 and self._samples[1][0] < now - _WINDOW:
            self._samples.popleft()
        rate = self._rate(now, ended)
        return Progress(
            ended=max(0, ended - self._ended_before),
            total=max(0, ended - self._ended_before) + tally.unfinished,
            failed=max(0, tally.jobs[JobState.FAILED] - self._failed_before),
            rate_per_minute=rate,
            seconds_left=tally.unfinished / rate * 60 if rate and not paused else None,
            slots=slots,
            paused=paused,
        )

    def _rate(self, now: float, ended: int) -> float:
        """Return the jobs a minute over the last half minute."""
        since, before = self._samples[0]
        return max(0, ended - before) / (now - since) * 60 if now > since else 0.0


def _ended(tally: JobTally) -> int:
    return tally.total - tally.unfinished


def follow(session: Session, ledger: Ledger, batch_id: int | None, display: Display) -> JobTally:
    """Show progress until no job of the batch, or of all batches, is left to do. Returns the last tally."""
    tally = ledger.overview.tally_jobs(batch_id)
    tracker = ProgressTracker(tally, time.monotonic(), whole=batch_id is not None)
    look_for_workers_at = 0.0
    were_missing = False
    while tally.unfinished:
        now = time.monotonic()
        if now >= look_for_workers_at:
            look_for_workers_at = now + _POLL_WORKERS_INTERVAL
            were_missing = _hint_at_missing_workers(session, ledger, display, were_missing=were_missing)
        paused = ledger.batches.is_paused()
        display.show_progress(tracker.progress(tally, now, slots=running_slots(ledger, batch_id), paused=paused))
        time.sleep(_POLL_INTERVAL)
        tally = ledger.overview.tally_jobs(batch_id)
    display.clear_progress()
    return tally


def running_slots(ledger: Ledger, batch_id: int | None) -> list[SlotProgress]:
    """Return a slot for each running job of the batch, or of all batches."""
    now = time.time()
    jobs = ledger.overview.list_jobs(JobSelection(states=[JobState.RUNNING], batch_id=batch_id))
    return [SlotProgress(job.source, job.recipe_name, max(0.0, now - (job.started_at or now))) for job in jobs]


def _hint_at_missing_workers(session: Session, ledger: Ledger, display: Display, *, were_missing: bool) -> bool:
    """Say once that no worker runs; again when some have come and gone. Returns whether none runs."""
    are_missing = not live_workers(ledger, session.config)
    if are_missing and not were_missing:
        display.hint(NO_WORKER_HINT)
    return are_missing

"""How things stand: what `status`, `wait` and `run` answer."""

import time
from collections.abc import Sequence
from typing import Any

from fileq.cli.session import Session
from fileq.cli.views.formatting import describe_tally, sizes_in_words
from fileq.cli.views.watches import watch_blocks, watch_documents, watch_statuses
from fileq.cli.workers import live_workers
from fileq.display import Answer, Facts, Text, Tone
from fileq.display.answer import Block, Cell
from fileq.display.progress import describe_rate
from fileq.ledger import Ledger
from fileq.ledger.queries.overview import JobTally, RunningJob
from fileq.ledger.tables.workers import WorkerRecord
from fileq.units import describe_count, describe_seconds

_WINDOW = 60.0
"""The rate is that of the last minute."""


def status_answer(session: Session, ledger: Ledger, batch: int | None) -> Answer:
    now = time.time()
    tally = ledger.overview.tally_jobs(batch)
    workers = live_workers(ledger, session.config)
    rate = _rate_per_minute(ledger, batch, workers, now)
    paused = ledger.batches.is_paused()
    left = _seconds_left(tally, rate, paused=paused)
    staff = _documents(workers, ledger.overview.list_running_jobs(), now)
    document = status_document(tally, workers=staff, paused=paused, rate=rate, left=left)
    watches = watch_statuses(ledger, now) if batch is None else []
    return Answer(
        document | {"watches": watch_documents(watches)},
        [*_blocks(tally, staff, batch, rate=rate, left=left, paused=paused), *watch_blocks(watches, now)],
    )


def status_document(
    tally: JobTally, *, workers: Sequence[dict[str, Any]], paused: bool, rate: float, left: float | None
) -> dict[str, Any]:
    return {
        "jobs": {str(state): count for state, count in tally.jobs.items()},
        "bytes_in": tally.bytes_in,
        "bytes_out": tally.bytes_out,
        "outputs": tally.outputs,
        "workers": workers,
        "paused": paused,
        "rate_per_minute": rate,
        "eta_seconds": left,
    }


def _rate_per_minute(ledger: Ledger, batch: int | None, workers: Sequence[WorkerRecord], now: float) -> float:
    """Of the last minute, or of the time since somebody began to work."""
    begun = min((worker.started_at for worker in workers), default=now - _WINDOW)
    span = min(_WINDOW, max(1.0, now - begun))
    return round(ledger.overview.count_finished_jobs(now - span, batch) / span * 60, 1)


def _seconds_left(tally: JobTally, rate: float, *, paused: bool) -> float | None:
    if not tally.unfinished:
        return 0.0
    return None if paused or not rate else round(tally.unfinished / rate * 60, 1)


def _documents(workers: Sequence[WorkerRecord], running: Sequence[RunningJob], now: float) -> list[dict[str, Any]]:
    return [
        {
            "id": worker.id,
            "host": worker.process.host,
            "pid": worker.process.pid,
            "jobs": [
                {"id": job.job, "source": job.source, "seconds": round(max(0.0, now - job.started_at), 1)}
                for job in running
                if job.worker == worker.id
            ],
        }
        for worker in workers
    ]


def _blocks(
    tally: JobTally,
    workers: Sequence[dict[str, Any]],
    batch: int | None,
    *,
    rate: float,
    left: float | None,
    paused: bool,
) -> list[Block]:
    facts: list[tuple[str, Cell]] = [("jobs" if batch is None else f"batch {batch}", describe_tally(tally))]
    if tally.outputs:
        facts += [("outputs", f"{tally.outputs:,}"), ("bytes", sizes_in_words(tally))]
    if rate and tally.unfinished:
        facts.append(("rate", describe_rate(rate)))
    if left:
        facts.append(("time left", describe_seconds(left)))
    if paused:
        facts.append(("paused", Text("yes; go on with: fileq resume", Tone.WARNING)))
    facts.append(("workers", _workers_in_words(workers, tally)))
    busy: list[Block] = [
        Text(f"{job['source']}  {describe_seconds(job['seconds'])}", Tone.BUSY, indent=2)
        for worker in workers
        for job in worker["jobs"]
    ]
    return [Facts(facts), *busy]


def _workers_in_words(workers: Sequence[dict[str, Any]], tally: JobTally) -> Cell:
    if workers:
        return ", ".join(
            f"{worker['host']}:{worker['pid']} ({describe_count(len(worker['jobs']), 'job')})" for worker in workers
        )
    return Text("none; start one with: fileq worker", Tone.WARNING) if tally.unfinished else "none"

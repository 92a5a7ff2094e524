"""The answer of `status` and `wait`: the jobs, the workers and the watched folders now."""

import time
from collections.abc import Sequence
from typing import Any

from fileq.cli.session import Session
from fileq.cli.views.hooks import describe_calls, hook_document
from fileq.cli.views.hosts import host_blocks, host_document, root_documents
from fileq.cli.views.phrases import describe_tally
from fileq.cli.views.places import relative_path
from fileq.cli.views.watches import watch_blocks, watch_document, watch_statuses
from fileq.cli.work.meter import WorkMeter
from fileq.cli.work.progress import running_work
from fileq.display import Answer, Facts, Text, Tone
from fileq.display.answer import Block, Cell
from fileq.display.progress import describe_rate
from fileq.health.checks.roots import describe_lacking, find_lacking_roots
from fileq.health.hosts import HostState, examine_hosts, examine_workers
from fileq.job import LISTED
from fileq.ledger import Ledger
from fileq.ledger.job_group import is_within
from fileq.ledger.queries.overview import JobTally, RunningJob
from fileq.ledger.tables.workers import WorkerRecord
from fileq.units import describe_bytes_change, describe_count, describe_seconds


def status_answer(session: Session, ledger: Ledger, batch_id: int | None) -> Answer:
    """Return the answer on a batch, or on all and the watched folders. Raises LedgerError."""
    now = ledger.now()
    tally = ledger.overview.tally_jobs(batch_id)
    running = ledger.overview.list_running_jobs()
    statuses = examine_workers(ledger, running, session.config.settings.worker.heartbeat, now)
    workers = [status.record for status in statuses if status.activity is not HostState.GONE]
    hosts = examine_hosts(ledger, statuses, now)
    paused = ledger.batches.is_paused()
    rate, left = _measure(ledger, batch_id, running, now) if workers and tally.unfinished else (0.0, None)
    left = 0.0 if not tally.unfinished else None if paused else left
    documents = _worker_documents(workers, running, now)
    calls = ledger.hook_calls.summarize() if batch_id is None else []
    document = status_document(tally, workers=documents, paused=paused, rate=rate, seconds_left=left)
    facts = _facts(session, tally, documents, batch_id, rate=rate, seconds_left=left, paused=paused)
    blocks = [Facts([*facts, *describe_calls(calls, session.command("hooks"))]), *_running_blocks(documents)]
    watches = watch_statuses(ledger, now) if batch_id is None else []
    in_roots = ledger.health.count_jobs_in_roots() if tally.unfinished else {}
    lacking = find_lacking_roots(in_roots, workers)
    blocks += [Text(f"{sentence}.", Tone.WARNING) for sentence in describe_lacking(lacking)]
    blocks += host_blocks(hosts, now)
    document |= {
        "hosts": [host_document(host, now) for host in hosts],
        "roots": root_documents(hosts, in_roots),
        "lacking_roots": [{"roots": sorted(roots), "jobs": count} for roots, count in lacking.items()],
        "watches": [watch_document(watch) for watch in watches],
        "hooks": [hook_document(summary) for summary in calls],
    }
    return Answer(document, [*blocks, *(block for watch in watches for block in watch_blocks(watch, now))])


def status_document(
    tally: JobTally, *, workers: Sequence[dict[str, Any]], paused: bool, rate: float, seconds_left: float | None
) -> dict[str, Any]:
    """Return the JSON document of a tally; `rate` is in jobs a minute. Its keys are a contract."""
    return {
        "jobs": {str(state): count for state, count in tally.jobs.items() if state in LISTED},
        "bytes_in": tally.bytes_in,
        "bytes_out": tally.bytes_out,
        "outputs": tally.outputs,
        "workers": workers,
        "paused": paused,
        "rate_per_minute": rate,
        "eta_seconds": seconds_left,
    }


def _measure(
    ledger: Ledger, batch_id: int | None, running: Sequence[RunningJob], now: float
) -> tuple[float, float | None]:
    """Return the jobs a minute and the seconds left, None where these are unknown, as the live views tell them."""
    of_batch = [running_work(job, now) for job in running if is_within(batch_id, job.job_id, job.batch_id)]
    work = WorkMeter(ledger, batch_id, now).measure(time.monotonic(), now, of_batch)
    return round(work.rate_per_minute, 1), None if work.seconds_left is None else round(work.seconds_left, 1)


def _worker_documents(
    workers: Sequence[WorkerRecord], running: Sequence[RunningJob], now: float
) -> list[dict[str, Any]]:
    return [
        {
            "id": worker.id,
            "host": worker.process.host,
            "pid": worker.process.pid,
            "jobs": [
                {"id": job.job_id, "source": job.source, "seconds": round(max(0.0, now - job.started_at), 1)}
                for job in running
                if job.worker_id == worker.id
            ],
        }
        for worker in workers
    ]


def _facts(
    session: Session,
    tally: JobTally,
    workers: Sequence[dict[str, Any]],
    batch_id: int | None,
    *,
    rate: float,
    seconds_left: float | None,
    paused: bool,
) -> list[tuple[str, Cell]]:
    facts: list[tuple[str, Cell]] = [("jobs" if batch_id is None else f"batch {batch_id}", describe_tally(tally))]
    if tally.outputs:
        facts += [("outputs", f"{tally.outputs:,}"), ("bytes", describe_bytes_change(tally.bytes_in, tally.bytes_out))]
    if rate and tally.unfinished:
        facts.append(("rate", describe_rate(rate)))
    if seconds_left:
        facts.append(("time left", describe_seconds(seconds_left)))
    if paused:
        facts.append(("paused", Text(f"yes; go on with: {session.command('resume')}", Tone.WARNING)))
    return [*facts, ("workers", _describe_workers(session, workers, tally))]


def _running_blocks(workers: Sequence[dict[str, Any]]) -> list[Block]:
    return [
        Text("", Tone.BUSY, indent=2, path=relative_path(job["source"]), after=f"  {describe_seconds(job['seconds'])}")
        for worker in workers
        for job in worker["jobs"]
    ]


def _describe_workers(session: Session, workers: Sequence[dict[str, Any]], tally: JobTally) -> Cell:
    if workers:
        return ", ".join(
            f"{worker['host']}:{worker['pid']} ({describe_count(len(worker['jobs']), 'job')})" for worker in workers
        )
    return Text(f"none; start one with: {session.command('worker')}", Tone.WARNING) if tally.unfinished else "none"

"""What the pages tell, read off the ledger: each function returns what one template takes."""

from typing import Any

import msgspec

from fileq.dashboard.desk import Desk
from fileq.errors import ErrorKind, NotFoundError
from fileq.health.checks.roots import describe_lacking, find_lacking_roots
from fileq.health.hosts import HostState, WorkerStatus, examine_hosts, examine_workers
from fileq.job import LISTED, Job, JobState
from fileq.ledger.queries.history import FailureCause
from fileq.ledger.queries.overview import JobSelection, JobTally
from fileq.ledger.queries.work import BatchSummary
from fileq.report.figures import WEEK

PAGE = 50
"""Jobs on one page of a list."""

_BATCHES = 12
_LATEST_FAILURES = 5


class BatchRow(msgspec.Struct, frozen=True):
    """A batch, and the sums of its jobs."""

    summary: BatchSummary
    tally: JobTally


def overview(desk: Desk) -> dict[str, Any]:
    """Return what the first page tells: all in numbers, what runs, the newest batches, hosts and what is not well."""
    ledger = desk.ledger
    now = ledger.now()
    running = ledger.overview.list_running_jobs()
    workers = examine_workers(ledger, running, desk.settings.worker.heartbeat, now)
    tally = ledger.overview.tally_jobs()
    unfinished = ledger.work.list_unfinished_batches()
    newest = [number for number in ledger.work.list_batches(_BATCHES) if number not in set(unfinished)]
    in_roots = ledger.health.count_jobs_in_roots() if tally.unfinished else {}
    alive = [one.record for one in workers if one.activity is not HostState.GONE]
    return {
        "now": now,
        "tally": tally,
        "rate": sum(one.rate_per_minute for one in workers),
        "paused": ledger.batches.is_paused(),
        "running": running,
        "workers": _named(workers),
        "hosts": examine_hosts(ledger, workers, now),
        "batches": [_batch(desk, number) for number in [*unfinished[:_BATCHES], *newest]][:_BATCHES],
        "lacking": describe_lacking(find_lacking_roots(in_roots, alive)),
        "unwell": [record for record in ledger.checks.list_records().values() if record.state != "ok"],
        "failures": ledger.work.list_recent_failures(_LATEST_FAILURES) if tally.jobs[JobState.FAILED] else [],
    }


def _named(workers: list[WorkerStatus]) -> dict[int, str]:
    return {one.record.id: one.host for one in workers}


def _batch(desk: Desk, number: int) -> BatchRow:
    return BatchRow(desk.summarize_batch(number), desk.opened.overview.tally_jobs(number))


def batch(desk: Desk, number: int) -> dict[str, Any]:
    """Return what the page of a batch tells. Raises NotFoundError."""
    ledger = desk.ledger
    tally = ledger.overview.tally_jobs(number)
    if not any(tally.jobs.values()):
        raise NotFoundError(f"There is no batch {number}.")
    return {"now": ledger.now(), "batch": _batch(desk, number), "paused": ledger.batches.is_paused()}


def job_list(
    desk: Desk,
    *,
    batch_id: int | None = None,
    state: JobState | None = None,
    kind: ErrorKind | None = None,
    before: int | None = None,
) -> dict[str, Any]:
    """Return a page of jobs, newest first: of a batch, in a state, failed for a cause, with ids below `before`."""
    selection = JobSelection(
        states=() if state is None else (state,), batch_id=batch_id, error_kind=kind, before_id=before
    )
    jobs = list(desk.ledger.overview.list_jobs(selection, PAGE + 1))
    return {
        "jobs": jobs[:PAGE],
        "more_before": jobs[PAGE - 1].id if len(jobs) > PAGE else None,
        "states": [one for one in JobState if one in LISTED],
        "state": state,
        "kind": kind,
        "batch_id": batch_id,
        "before": before,
    }


def job(desk: Desk, number: int) -> dict[str, Any]:
    """Return what the page of a job tells. Raises NotFoundError."""
    found, ledger = find_job(desk, number), desk.opened
    return {
        "now": ledger.now(),
        "job": found,
        "attempts": ledger.overview.list_attempts(number),
        "removed": ledger.overview.list_removed_outputs(number),
        "newer": ledger.overview.find_newer_job(number),
    }


def find_job(desk: Desk, number: int) -> Job:
    """Return a job. Raises NotFoundError."""
    found = desk.ledger.overview.find_job(number)
    if found is None:
        raise NotFoundError(f"There is no job {number}.")
    return found


def failures(desk: Desk) -> dict[str, list[FailureCause]]:
    """Return what failed in the last week, by cause, each with what would fix it."""
    ledger = desk.ledger
    now = ledger.now()
    return {"causes": ledger.history.list_causes(now - WEEK, now + 1)}

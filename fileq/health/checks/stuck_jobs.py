"""The running jobs: whether some run for longer than they can, or for no worker."""

from collections.abc import Sequence

from fileq.health.check import CheckContext, Finding, bad, combine, ok, shorten_list
from fileq.ledger.queries.overview import RunningJob
from fileq.units import describe_count, describe_seconds, is_or_are

_TIMES, _MORE = 1.5, 60.0
"""A job is stopped at its timeout. It is stuck after 1.5 times as long and a minute."""


def check_stuck_jobs(context: CheckContext) -> Finding:
    """Check that no job runs for longer than its timeout allows, or without its worker."""
    running = context.ledger.overview.list_running_jobs()
    alive = {worker.id for worker in context.live_workers}
    timeout = context.config.settings.worker.timeout
    for_nobody = [job for job in running if job.worker_id not in alive]
    longest = _TIMES * timeout + _MORE
    too_long = [job for job in running if job.worker_id in alive and context.now - job.started_at > longest]
    return combine(
        [
            _found(for_nobody, context.now, "whose worker is gone", "A worker takes them over: fileq worker"),
            _found(
                too_long,
                context.now,
                f"longer than the timeout of {timeout} allows",
                "Stop them with fileq cancel JOB, and look at the files; or restart the worker.",
            ),
        ],
        ok(
            f"{describe_count(len(running), 'job')} {is_or_are(len(running))} running, none is stuck."
            if running
            else "No job is running."
        ),
    )


def _found(jobs: Sequence[RunningJob], now: float, why: str, remedy: str) -> Finding:
    if not jobs:
        return ok("")
    named = shorten_list(
        f"job {job.job_id} ({job.source}, for {describe_seconds(max(0.0, now - job.started_at))})" for job in jobs
    )
    verb = "runs" if len(jobs) == 1 else "run"
    return bad(f"{describe_count(len(jobs), 'job')} {verb} {why}: {named}.", remedy)

"""The due jobs: whether a worker comes to each of them."""

from collections.abc import Iterable

from fileq.health.check import CheckContext, Finding, bad, combine, ok, shorten_list
from fileq.ledger.queries.health import DueJob, JobTurn
from fileq.units import describe_count, describe_seconds, is_or_are

_UNSENT = 180.0
"""Seconds that a job may be due without a message: recovery sends it again after a minute."""

_OVERTAKEN = 600.0
"""Seconds that a job may be due while later ones are done."""

_REMEDY = "Restart the workers: each looks for such jobs at its start. If that does not help, report it."


def check_due_jobs(context: CheckContext) -> Finding:
    """Check that no job that is due stays without a message, or is skipped."""
    served = {worker.queue for worker in context.live_workers}
    if context.ledger.batches.is_paused() or not served:  # other checks tell of that
        return ok("No job may start now: the queue is paused, or no worker is running.")
    health, now = context.ledger.health, context.now
    unsent = [
        job for job in health.list_due_jobs(now, unsent=True) if job.queue in served and now - job.since > _UNSENT
    ]
    waiting = [job for job in health.list_due_jobs(now) if job.queue in served and now - job.since > _OVERTAKEN]
    overtaken = _overtaken(waiting, health.list_turns(now - _OVERTAKEN)) if waiting else []
    return combine(
        [_found(unsent, now, "without a message"), _found(overtaken, now, "while later ones are done")],
        ok("Every job gets its turn."),
    )


def _overtaken(waiting: Iterable[DueJob], ended: list[JobTurn]) -> list[DueJob]:
    """Return those that were skipped by most of what has ended lately.

    A later job is one that came after the other was due, and is no more urgent. Some may well be done before: what was
    sent again comes first.
    """
    oldest: dict[tuple[str, int], DueJob] = {}
    for job in sorted(waiting, key=lambda job: job.since):
        oldest.setdefault((job.queue, job.priority), job)
    return [job for job in oldest.values() if 2 * sum(_is_later(other, job) for other in ended) > len(ended)]


def _is_later(ended: JobTurn, job: DueJob) -> bool:
    return (
        ended.queue == job.queue
        and ended.priority <= job.priority
        and ended.added_at > job.since
        and ended.job_id > job.job_id
    )


def _found(jobs: list[DueJob], now: float, how: str) -> Finding:
    if not jobs:
        return ok("")
    named = shorten_list(f"job {job.job_id} ({job.source}, for {describe_seconds(now - job.since)})" for job in jobs)
    return bad(f"{describe_count(len(jobs), 'job')} {is_or_are(len(jobs))} due and not begun, {how}: {named}.", _REMEDY)

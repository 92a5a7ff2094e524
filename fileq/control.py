"""What is done with jobs that were queued before: they are tried again, cancelled, or sent once more."""

from collections.abc import Iterable, Sequence

from fileq import queue
from fileq.ledger import Ledger
from fileq.ledger.tables.jobs import QueueEntry

PATIENCE = 60.0
"""Seconds after which a job whose message was taken is thought to be held by nobody."""

_AT_ONCE, _MOST = 1_000, 100_000
"""Jobs that are sent again in one transaction, and in one call: more than are done in a minute."""


def retry_jobs(ledger: Ledger, jobs: Iterable[int], now: float) -> int:
    """Queue failed and cancelled jobs again; return how many were."""
    with ledger.transaction(durable=True):
        due = ledger.jobs.retry_jobs(jobs)
        _send_each_to_its_queue(ledger, due, now)
    return len(due)


def cancel_jobs(ledger: Ledger, jobs: Iterable[int], now: float) -> int:
    """Cancel those of these jobs that have not ended; return how many were.

    A worker sees within moments that a job is no longer its own, and stops it.
    """
    return len(ledger.jobs.cancel_jobs(jobs, now))


def resend_jobs(ledger: Ledger, name: str, now: float, *, patience: float = PATIENCE) -> int:
    """Send again the jobs of a queue that are due and that no message names; return how many.

    Whatever else the queue holds: what lost its message must not wait until that is done. Jobs whose message a slot
    took less than `patience` seconds ago are left to it. With a million jobs in the queue that all have their message,
    a call takes 0.1 ms, as an index has those alone that have none.
    """
    sent = 0
    while sent < _MOST:
        with ledger.transaction():  # short ones: others write in between
            due = ledger.jobs.find_unsent_jobs(name, now, patience=patience, limit=_AT_ONCE)
            queue.send(ledger, name, due, now, overdue=True)
        sent += len(due)
        if len(due) < _AT_ONCE:
            break
    return sent


def put_jobs_back(ledger: Ledger, name: str, jobs: Iterable[int], now: float) -> None:
    """Send again those of these jobs that are still to be done and that no message names: they were taken, and left."""
    with ledger.transaction():
        queue.send(ledger, name, ledger.jobs.filter_unsent_jobs(jobs), now, overdue=True)


def bring_waiting_jobs_forward(ledger: Ledger, now: float) -> None:
    """Have jobs wait no longer than they were to, where the clock on the wall was set back meanwhile."""
    with ledger.transaction():
        _send_each_to_its_queue(ledger, ledger.attempts.bring_jobs_forward(now), now)


def _send_each_to_its_queue(ledger: Ledger, due: Sequence[QueueEntry], now: float) -> None:
    queues: dict[str, list[QueueEntry]] = {}
    for job in due:
        queues.setdefault(ledger.batches.find_queue(job.job_id), []).append(job)
    for name, jobs in queues.items():
        queue.send(ledger, name, jobs, now)

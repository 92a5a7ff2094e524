"""Steering what was queued: try again, cancel, pause, go on."""

from collections.abc import Iterable, Sequence

from fileq import queue
from fileq.ledger import Ledger
from fileq.ledger.jobs import Due

_AT_ONCE = 10_000


def retry(ledger: Ledger, jobs: Iterable[int], now: float) -> int:
    """Queue failed and cancelled jobs again; answer how many were."""
    with ledger.transaction(durable=True):
        due = ledger.jobs.retry(jobs)
        _send_each_to_its_queue(ledger, due, now)
    return len(due)


def cancel(ledger: Ledger, jobs: Iterable[int], now: float) -> int:
    """Cancel what has not ended; a worker sees within moments that a job is no longer its own, and stops it."""
    return len(ledger.jobs.cancel(jobs, now))


def resend(ledger: Ledger, name: str, now: float) -> int:
    """When a queue is empty and the ledger is not, the ledger is right: send its jobs again."""
    with ledger.transaction():
        if ledger.messages.any_left(name):
            return 0
        due = ledger.jobs.without_message(name, now, _AT_ONCE)
        queue.send(ledger, name, due, now)
    return len(due)


def heed_a_clock_set_back(ledger: Ledger, now: float) -> None:
    """Have jobs wait no longer than they were to, where the clock on the wall was set back meanwhile."""
    with ledger.transaction():
        _send_each_to_its_queue(ledger, ledger.waiting.bring_forward(now), now)


def _send_each_to_its_queue(ledger: Ledger, due: Sequence[Due], now: float) -> None:
    queues: dict[str, list[Due]] = {}
    for job in due:
        queues.setdefault(ledger.batches.queue_of(job.id), []).append(job)
    for name, jobs in queues.items():
        queue.send(ledger, name, jobs, now)

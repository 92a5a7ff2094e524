"""What is done with jobs that were queued before: they are tried again, cancelled, or sent once more."""

import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress

from fileq import queue
from fileq.files.identity import version_of
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.tables.jobs import QueueEntry
from fileq.ledger.tables.sources.job_sources import FoundSource, RetryCandidate

_AT_ONCE, _MOST = 1_000, 100_000
"""Jobs that are sent again in one transaction, and in one call: more than are done in a minute."""


def retry_jobs(ledger: Ledger, jobs: Iterable[int], now: float) -> list[int]:
    """Queue failed and cancelled jobs again, each to read its source as it is now; return the ids of those to follow.

    A source is read where a watched folder has put it. Where its version of now has a job of its own, that one is
    queued unless it is done, and the one that failed is superseded.
    """
    candidates = ledger.job_sources.find_retry_candidates(jobs)
    sources = [_find_source(candidate) for candidate in candidates]  # no look at files while others wait
    with ledger.transaction(durable=True):
        pairs = zip(candidates, sources, strict=True)
        followed = list(dict.fromkeys(_renew_source(ledger, candidate, found, now) for candidate, found in pairs))
        due = ledger.jobs.retry_jobs(followed)
        due += ledger.jobs.filter_unsent_jobs(set(followed) - {entry.job_id for entry in due})
        _send_each_to_its_queue(ledger, due, now)
    return followed


def _find_source(candidate: RetryCandidate) -> FoundSource | None:
    """Return the source of a job as it is now; None where it is gone."""
    for path in (candidate.moved_to, candidate.source):
        with suppress(OSError):
            status = None if path is None else os.stat(path)
            if path is not None and status is not None and stat.S_ISREG(status.st_mode):
                return FoundSource(
                    path=path, version=version_of(status), size=status.st_size, mtime_ns=status.st_mtime_ns,
                    inode=status.st_ino,
                )  # fmt: skip
    return None


def _renew_source(ledger: Ledger, candidate: RetryCandidate, found: FoundSource | None, now: float) -> int:
    """Have a job read its source as it was found; return its id, or that of the job that there is for this version."""
    if found is None or (found.version == candidate.version and candidate.moved_to in (None, found.path)):
        return candidate.job_id
    other = ledger.job_sources.find_job_of_version(candidate.job_id, found.version)
    if other is None:
        ledger.job_sources.record_found(candidate, found)
        return candidate.job_id
    job_id, state = other
    if candidate.key is not None:
        ledger.jobs.give_key(job_id, candidate.key)
    if state.is_final and not (state is JobState.DONE and ledger.standing_outputs.are_present(job_id)):
        ledger.jobs.requeue_job(
            job_id, candidate.batch_id, now, recipe_id=candidate.recipe_id, priority=candidate.priority
        )
        ledger.batches.reopen_batch(candidate.batch_id)
    ledger.jobs.supersede_older_jobs([job_id], now)
    return job_id


def cancel_jobs(ledger: Ledger, jobs: Iterable[int], now: float) -> list[int]:
    """Cancel those of these jobs that have not ended, and return which were.

    A worker sees within moments that a job is no longer its own, and stops it. One whose outputs are just getting their
    names is not stopped any more.
    """
    return ledger.jobs.cancel_jobs(jobs, now)


def resend_jobs(ledger: Ledger, name: str, now: float, *, patience: float = queue.PATIENCE) -> int:
    """Send again the jobs of a queue that are due and that no message names; return how many.

    Whatever else the queue holds: what lost its message must not wait until that is done. Jobs whose message a slot
    took less than `patience` seconds ago are left to it. With a million jobs in the queue that all have their message,
    a call takes 0.1 ms, as an index has those alone that have none.
    """
    if ledger.outbox is not None:
        return ledger.outbox.deliver(name, now, patience=patience, forgets=patience <= 0)
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

"""Jobs and batches that people name by number."""

from collections.abc import Iterable

from fileq.errors import NotFoundError
from fileq.job import Job
from fileq.ledger import Ledger


def known_batch(ledger: Ledger, batch: int | None) -> None:
    """Raise NotFoundError where there is no such batch."""
    if batch is not None and not ledger.batches.has_jobs(batch):
        raise NotFoundError(f"There is no batch {batch}.", "fileq list shows the jobs and their batches.")


def known_job(ledger: Ledger, number: int) -> Job:
    job = ledger.overview.find_job(number)
    if job is None:
        raise NotFoundError(f"There is no job {number}.", "fileq list shows the jobs.")
    return job


def known_jobs(ledger: Ledger, numbers: Iterable[int]) -> list[Job]:
    return [known_job(ledger, number) for number in numbers]

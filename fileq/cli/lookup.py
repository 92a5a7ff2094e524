"""The jobs and batches that people name by number."""

from collections.abc import Iterable

from fileq.errors import NotFoundError
from fileq.job import Job
from fileq.ledger import Ledger


def require_batch(ledger: Ledger, batch_id: int | None) -> None:
    """Raise NotFoundError where there is no such batch; None is any batch."""
    if batch_id is not None and not ledger.batches.has_jobs(batch_id):
        raise NotFoundError(f"There is no batch {batch_id}.", "fileq list shows the jobs and their batches.")


def find_job(ledger: Ledger, job_id: int) -> Job:
    """Return the job with this id. Raises NotFoundError."""
    job = ledger.overview.find_job(job_id)
    if job is None:
        raise NotFoundError(f"There is no job {job_id}.", "fileq list shows the jobs.")
    return job


def find_jobs(ledger: Ledger, job_ids: Iterable[int]) -> list[Job]:
    """Return the jobs with these ids, in this order. Raises NotFoundError."""
    return [find_job(ledger, number) for number in job_ids]

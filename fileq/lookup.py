"""What people look up in the ledger: jobs and batches that they name by number, and the workers that are there."""

from collections.abc import Iterable

from fileq.config import Config
from fileq.errors import NotFoundError
from fileq.job import Job
from fileq.ledger import Ledger
from fileq.ledger.tables.workers import WorkerRecord, is_worker_gone


def require_batch(ledger: Ledger, batch_id: int | None) -> None:
    """Raise NotFoundError where there is no such batch; None is any batch."""
    if batch_id is not None and not (_is_id(batch_id) and ledger.batches.has_jobs(batch_id)):
        if _is_id(batch_id) and ledger.batches.was_opened(batch_id):
            raise NotFoundError(
                f"Batch {batch_id} has no jobs any more: they were run again in a later batch, or forgotten.",
                "fileq batches shows the others.",
            )
        raise NotFoundError(f"There is no batch {batch_id}.", "fileq batches shows them.")


def _is_id(number: int) -> bool:
    """Return whether something can have that number: databases know none that is larger."""
    return 0 < number < 2**63


def find_job(ledger: Ledger, job_id: int) -> Job:
    """Return the job with this id. Raises NotFoundError."""
    job = ledger.overview.find_job(job_id) if _is_id(job_id) else None
    if job is None:
        raise NotFoundError(f"There is no job {job_id}.", "fileq list shows the jobs.")
    return job


def find_jobs(ledger: Ledger, job_ids: Iterable[int]) -> list[Job]:
    """Return the jobs with these ids, in this order. Raises NotFoundError."""
    return [find_job(ledger, number) for number in job_ids]


def live_workers(ledger: Ledger, config: Config) -> list[WorkerRecord]:
    """Return the workers whose process is there, or was heard of lately where it is on another host."""
    heartbeat = config.settings.worker.heartbeat
    return [worker for worker in ledger.workers.list_workers() if not is_worker_gone(worker, ledger.now(), heartbeat)]


def is_worker_alive(ledger: Ledger, config: Config) -> bool:
    """Return whether a worker is there, by a look that costs nothing where one has just said so."""
    fresh = ledger.now() - 2 * config.settings.worker.heartbeat
    return any(worker.heartbeat_at > fresh for worker in ledger.workers.list_workers()) or bool(
        live_workers(ledger, config)
    )

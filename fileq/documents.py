"""Jobs and batches as JSON documents, one shape wherever they are told; their keys are a contract."""

from typing import Any

from msgspec.structs import asdict

from fileq.job import Failure, Job, OutputInfo
from fileq.ledger.queries.overview import JobTally
from fileq.ledger.queries.work import BatchSummary
from fileq.units import iso_time


def job_document(job: Job) -> dict[str, Any]:
    """Return the JSON document of a job."""
    return {
        "id": job.id,
        "batch": job.batch_id,
        "source": job.source,
        "recipe": job.recipe_name,
        "state": job.state,
        "attempts": job.attempts,
        "priority": job.priority,
        "added_at": _time(job.added_at),
        "started_at": _time(job.started_at),
        "finished_at": _time(job.finished_at),
        "error": failure_document(job.failure),
        "outputs": [output_document(made) for made in job.outputs],
        "key": job.key,
    }


def output_document(made: OutputInfo) -> dict[str, Any]:
    """Return the JSON document of an output. What is no picture has neither width nor height."""
    return asdict(made) | ({} if made.is_picture else {"width": None, "height": None})


def failure_document(failure: Failure | None) -> dict[str, str] | None:
    """Return the JSON document of a failure; None for None."""
    return None if failure is None else {"kind": failure.kind, "message": failure.message, "hint": failure.hint}


def batch_document(summary: BatchSummary, tally: JobTally) -> dict[str, Any]:
    """Return the JSON document of a batch."""
    return {
        "batch": summary.batch_id,
        "added_at": _time(summary.added_at),
        "source": summary.source,
        "folder": summary.folder,
        "recipes": list(summary.recipe_names),
        "jobs": {str(state): count for state, count in tally.jobs.items()},
        "bytes_in": tally.bytes_in,
        "bytes_out": tally.bytes_out,
        "outputs": tally.outputs,
        "removed": summary.is_removed,
    }


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else iso_time(seconds)

"""The JSON documents of jobs and of what was added; their keys are a contract."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import asdict

from fileq.cli.times import iso_or_none
from fileq.intake import AddResult
from fileq.job import Failure, Job, OutputInfo
from fileq.ledger.queries.overview import AttemptRecord, RemovedOutput


def result_document(result: AddResult) -> dict[str, Any]:
    """Return the JSON document of what became of the files that were named."""
    return {
        "batch": result.batch_id,
        "queued": result.queued,
        "up_to_date": result.up_to_date,
        "already_queued": result.already_queued,
        "adopted": len(result.adopted),
        "unmatched": result.unmatched,
        "missing": result.missing,
        "problems": result.problems,
    }


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
        "added_at": iso_or_none(job.added_at),
        "started_at": iso_or_none(job.started_at),
        "finished_at": iso_or_none(job.finished_at),
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


def job_details_document(
    job: Job, attempts: Iterable[AttemptRecord], removed: Iterable[RemovedOutput]
) -> dict[str, Any]:
    """Return the JSON document of a job with its history; `removed` are outputs that retention removed.

    Its key `attempts` is their number, as everywhere; they themselves are in `history`.
    """
    return job_document(job) | {
        "folder": job.folder,
        "moved_to": job.moved_to,
        "due_at": iso_or_none(job.due_at),
        "note": job.note,
        "history": [
            {
                "attempt": attempt.number,
                "worker": attempt.worker_id,
                "started_at": iso_or_none(attempt.started_at),
                "finished_at": iso_or_none(attempt.finished_at),
                "outcome": attempt.outcome,
                "message": attempt.message,
            }
            for attempt in attempts
        ],
        "removed": [
            output_document(output.info) | {"removed_at": iso_or_none(output.removed_at)} for output in removed
        ],
    }

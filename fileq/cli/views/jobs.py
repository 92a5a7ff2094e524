"""The JSON documents of jobs and of what was added; their keys are a contract."""

from collections.abc import Iterable
from typing import Any

from fileq.cli.times import iso_or_none
from fileq.documents import job_document, output_document
from fileq.intake import AddResult
from fileq.job import Job
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

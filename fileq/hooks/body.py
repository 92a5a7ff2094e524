"""What a hook is sent: the event as a JSON document."""

import json
from typing import Any

import msgspec

from fileq.documents import batch_document, job_document
from fileq.job import Failure, Job, JobState
from fileq.ledger import Ledger
from fileq.ledger.columns import read_error_kind
from fileq.ledger.tables.hook_calls import HookCall
from fileq.units import iso_time


def compose_event(ledger: Ledger, call: HookCall) -> dict[str, Any] | None:
    """Return the document of an event; None where there is nothing to tell.

    The job is purged, or the batch goes on: more came into it just after it had ended, and it is told when that ends.
    """
    head = {"id": call.token, "time": iso_time(call.happened_at)}
    if call.job_id is None:
        tally = ledger.overview.tally_jobs(call.batch_id)
        if tally.unfinished or not tally.total:
            return None
        batch = batch_document(ledger.work.summarize_batch(call.batch_id), tally)
        return head | {
            "event": "batch.ended",
            "batch": batch | {"key": ledger.hook_calls.find_batch_key(call.batch_id)},
        }
    job = ledger.overview.find_job(call.job_id, purged=True)
    if job is None:
        return None
    return head | {"event": f"job.{call.event}", "job": job_document(_as_it_ended(ledger, job, call))}


def encode_event(document: dict[str, Any]) -> str:
    """Return the body: in ASCII, so that the bytes of a name that is not UTF-8 survive as lone surrogates."""
    return json.dumps(document, ensure_ascii=True)


def _as_it_ended(ledger: Ledger, job: Job, call: HookCall) -> Job:
    """Return the job as it was when it ended: it may have begun anew since. Its outputs are those that stand now."""
    failure = None
    if call.error_kind is not None:
        failure = Failure(read_error_kind(call.error_kind), call.error_message or "", call.error_hint or "")
        if job.moved_to is not None:
            failure = failure.at_new_place(job.id, job.source, job.moved_to)
    return msgspec.structs.replace(
        job,
        batch_id=call.batch_id,
        state=JobState(call.event),
        attempts=call.attempts or 0,
        started_at=call.started_at,
        finished_at=call.happened_at,
        failure=failure,
        outputs=ledger.overview.list_outputs(job.id) if call.event == JobState.DONE else (),
    )

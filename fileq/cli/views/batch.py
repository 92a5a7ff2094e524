"""The answer of `run`: how its batch ended."""

from typing import Any

from fileq.cli.views.formatting import describe_result, describe_tally
from fileq.cli.views.jobs import job_document
from fileq.cli.views.status import status_document
from fileq.display import Answer, Facts, Text, Tone
from fileq.display.answer import Block
from fileq.display.progress import describe_rate
from fileq.intake import AddResult
from fileq.job import Failure, Job, JobState, message_with_source
from fileq.ledger import Ledger
from fileq.ledger.queries.overview import JobSelection, JobTally
from fileq.units import describe_bytes_change, describe_count, describe_seconds

_EXAMPLES = 10


def batch_answer(ledger: Ledger, result: AddResult, seconds: float) -> Answer:
    """Return the batch as `status` has it, with its failures, and what was not queued at all; it took `seconds`."""
    tally = (
        ledger.overview.tally_jobs(result.batch_id)
        if result.batch_id
        else JobTally(jobs=dict.fromkeys(JobState, 0), bytes_in=0, bytes_out=0, outputs=0)
    )
    failed = (
        list(ledger.overview.list_jobs(JobSelection(states=[JobState.FAILED], batch_id=result.batch_id)))
        if result.batch_id
        else []
    )
    return Answer(_document(result, tally, failed, seconds), _blocks(result, tally, failed, seconds))


def _document(result: AddResult, tally: JobTally, failed: list[Job], seconds: float) -> dict[str, Any]:
    rate = round(tally.total / seconds * 60, 1) if seconds else 0.0
    return status_document(
        tally, workers=[], paused=False, rate=rate, seconds_left=0.0 if not tally.unfinished else None
    ) | {
        "batch": result.batch_id,
        "queued": result.queued,
        "up_to_date": result.up_to_date,
        "already_queued": result.already_queued,
        "unmatched": result.unmatched,
        "missing": result.missing,
        "seconds": round(seconds, 3),
        "failures": [job_document(job) for job in failed],
    }


def _blocks(result: AddResult, tally: JobTally, failed: list[Job], seconds: float) -> list[Block]:
    if result.batch_id is None:
        return [Text(describe_result(result))]
    tone = Tone.BAD if failed else Tone.GOOD if not tally.unfinished else Tone.WARNING
    facts: list[tuple[str, str | Text]] = [
        ("files", Text(describe_tally(tally), tone)),
        ("outputs", f"{tally.outputs:,}"),
        ("bytes", describe_bytes_change(tally.bytes_in, tally.bytes_out)),
        ("time", f"{describe_seconds(seconds)}{_rate(tally, seconds)}"),
    ]
    return [Facts(facts), *_failures(failed, result.batch_id)]


def _rate(tally: JobTally, seconds: float) -> str:
    ended = tally.total - tally.unfinished
    return f", {describe_rate(60 * ended / seconds)}" if ended > 1 and seconds > 0 else ""


def _failures(failed: list[Job], batch_id: int) -> list[Block]:
    """Return the failures by cause, the most frequent first."""
    causes: dict[str, list[tuple[str, Failure]]] = {}
    for job in failed:
        if job.failure is not None:
            causes.setdefault(job.failure.kind, []).append((job.source, job.failure))
    by_count = sorted(causes.items(), key=lambda cause: -len(cause[1]))
    return [block for kind, cases in by_count for block in _cause(kind, cases, batch_id)]


def _cause(kind: str, cases: list[tuple[str, Failure]], batch_id: int) -> list[Block]:
    """Return how many failed for one cause, which, and what would mend it."""
    blocks: list[Block] = [Text(), Text(f"{describe_count(len(cases), 'job')} failed: {kind}", Tone.BAD)]
    blocks += [Text(message_with_source(failure.message, source), indent=2) for source, failure in cases[:_EXAMPLES]]
    if len(cases) > _EXAMPLES:
        more = f"and {len(cases) - _EXAMPLES:,} more; see: fileq list --state failed --batch {batch_id}"
        blocks.append(Text(more, Tone.QUIET, indent=2))
    return [
        *blocks,
        *(
            Text(hint, Tone.QUIET, indent=2)
            for hint in dict.fromkeys(failure.hint for _, failure in cases[:_EXAMPLES] if failure.hint)
        ),
    ]

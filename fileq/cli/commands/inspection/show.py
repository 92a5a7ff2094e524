"""fileq show: show one job with its attempts and outputs."""

from collections.abc import Sequence
from typing import Annotated

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.cli.times import local_time
from fileq.cli.views.jobs import job_details_document
from fileq.cli.views.phrases import describe_dimensions, state_text
from fileq.display import Answer, Column, Facts, Table, Text, Tone
from fileq.display.answer import Block, Cell
from fileq.errors import ExitCode
from fileq.job import Job, JobState, OutputInfo
from fileq.ledger.queries.overview import AttemptRecord, RemovedOutput
from fileq.lookup import find_job
from fileq.units import describe_bytes, describe_seconds

app = new_app()

_OF_OUTPUTS = (Column("format"), Column("size"), Column("bytes", kind="number"))


@app.command(epilog="Example: fileq show 42")
def show(
    context: typer.Context,
    *,
    job: Annotated[int, typer.Argument(metavar="JOB", help="The job's number.")],
    json: options.Json = False,
) -> ExitCode:
    """Show one job whole: its attempts, its outputs, and what went wrong."""
    session = session_of(context)
    display = session.display(json=json)
    with session.ledger() as ledger:
        found = find_job(ledger, job)
        attempts, removed = ledger.overview.list_attempts(job), ledger.overview.list_removed_outputs(job)
        newer = ledger.overview.find_newer_job(job) if found.state is JobState.SUPERSEDED else None
    document = job_details_document(found, attempts, removed) | {"superseded_by": newer}
    remedy = session.complete_commands(_remedy(found, newer))
    display.answer(Answer(document, _blocks(found, attempts, removed, remedy)))
    return ExitCode.DONE


def _blocks(job: Job, attempts: Sequence[AttemptRecord], removed: Sequence[RemovedOutput], remedy: str) -> list[Block]:
    facts: list[tuple[str, Cell]] = [
        ("job", Text(str(job.id), Tone.TITLE)),
        ("source", job.source),
        *([] if job.moved_to is None else [("is now", job.moved_to)]),
        ("recipe", job.recipe_name),
        ("folder", job.folder),
        ("batch", str(job.batch_id)),
        ("state", state_text(job.state)),
        ("added", local_time(job.added_at)),
    ]
    times = (("not before", job.due_at), ("started", job.started_at), ("finished", job.finished_at))
    facts += [(name, local_time(moment)) for name, moment in times if moment is not None]
    if job.key is not None:
        facts.append(("key", job.key))
    if job.priority:
        facts.append(("priority", str(job.priority)))
    if job.note:
        facts.append(("note", job.note))
    if job.failure:
        facts.append(("cause", Text(f"{job.failure.kind}: {job.failure.message}", Tone.BAD)))
        facts.append(("remedy", remedy))
    return [Facts(facts), *_attempts(attempts), *_outputs(job.outputs), *_removed(removed)]


def _remedy(job: Job, newer: int | None) -> str:
    if job.state is JobState.SUPERSEDED:
        return f"There is nothing to do: job {newer} is about the file as it was later." if newer else "Nothing to do."
    return job.failure.hint if job.failure and job.failure.hint else f"Try again with: fileq retry {job.id}"


def _attempts(attempts: Sequence[AttemptRecord]) -> list[Block]:
    if not attempts:
        return []
    columns = (
        Column("attempt", kind="number"), Column("worker", kind="number"), Column("started"),
        Column("took", kind="number"), Column("outcome", kind="prose"),
    )  # fmt: skip
    rows = [
        (
            str(attempt.number),
            str(attempt.worker_id),
            local_time(attempt.started_at),
            "" if attempt.finished_at is None else describe_seconds(attempt.finished_at - attempt.started_at),
            _outcome(attempt),
        )
        for attempt in attempts
    ]
    return [Text(), Table(columns, rows)]


def _outcome(attempt: AttemptRecord) -> Cell:
    if attempt.message:
        return Text(f"{attempt.outcome}: {attempt.message}", Tone.BAD)
    return Text(attempt.outcome or "running", Tone.GOOD if attempt.outcome == "done" else Tone.PLAIN)


def _outputs(outputs: Sequence[OutputInfo]) -> list[Block]:
    if not outputs:
        return []
    return [
        Text(),
        Table((*_OF_OUTPUTS, Column("output", kind="path")), [(*_facts(made), made.path) for made in outputs]),
    ]


def _removed(outputs: Sequence[RemovedOutput]) -> list[Block]:
    if not outputs:
        return []
    columns = (*_OF_OUTPUTS, Column("what became of it"), Column("output", kind="path"))
    rows = [
        (*_facts(output.info), f"removed {local_time(output.removed_at)}", Text(output.info.path, Tone.QUIET))
        for output in outputs
    ]
    return [Text(), Table(columns, rows)]


def _facts(made: OutputInfo) -> tuple[Cell, ...]:
    return made.format, describe_dimensions(made), describe_bytes(made.bytes)

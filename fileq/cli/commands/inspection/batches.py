"""fileq batches: list the batches, one row each."""

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.cli.times import local_time
from fileq.cli.views.phrases import describe_tally
from fileq.cli.views.places import relative_path
from fileq.display import Answer, Column, Table, Text, Tone
from fileq.display.answer import Cell
from fileq.documents import batch_document
from fileq.errors import ExitCode
from fileq.job import JobState
from fileq.ledger.queries.overview import JobTally
from fileq.ledger.queries.work import BatchSummary

app = new_app()

_COLUMNS = (
    Column("batch", 5, "number"),
    Column("added", 16),
    Column("jobs", 12),
    Column("recipe", 6),
    Column("source", kind="path"),
    Column("outputs", kind="path"),
)


@app.command(epilog="Example: fileq batches --limit 5")
def batches(
    context: typer.Context,
    *,
    limit: options.Limit = None,
    json: options.Json = False,
) -> ExitCode:
    """List batches, newest first.

    Each with its time, its source, its recipe, its jobs in numbers, and the folder of its outputs.
    """
    session = session_of(context)
    display = session.display(json=json)
    rows = limit if limit is not None or json else display.rows
    with session.ledger() as ledger:
        numbers = ledger.work.list_batches()
        shown = numbers if rows is None else numbers[:rows]
        found = ((ledger.work.summarize_batch(number), ledger.overview.tally_jobs(number)) for number in shown)
        if json:
            display.answer(Answer(batch_document(summary, tally) for summary, tally in found))
            return ExitCode.DONE
        display.answer(Answer(None, [Table(_COLUMNS, [_row(summary, tally) for summary, tally in found])]))
    if limit is None and len(numbers) > len(shown):
        display.hint(f"{len(numbers) - len(shown):,} more. Show them with --limit, or pipe the list.")
    return ExitCode.DONE


def _row(summary: BatchSummary, tally: JobTally) -> tuple[Cell, ...]:
    tone = Tone.BAD if tally.jobs[JobState.FAILED] else Tone.BUSY if tally.unfinished else Tone.GOOD
    return (
        str(summary.batch_id),
        Text(local_time(summary.added_at), Tone.QUIET),
        Text(describe_tally(tally), tone),
        ", ".join(summary.recipe_names),
        relative_path(summary.source),
        Text("removed", Tone.QUIET) if summary.is_removed else relative_path(summary.folder),
    )

"""fileq list: list jobs, one row each."""

from collections.abc import Iterable
from typing import Annotated

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.cli.views.outcome.ended_jobs import brief_reason
from fileq.cli.views.phrases import state_text
from fileq.cli.views.places import relative_path
from fileq.display import Answer, Column, Table, Text, Tone
from fileq.display.answer import Cell
from fileq.documents import job_document
from fileq.errors import ExitCode
from fileq.job import LISTED, Job, JobState
from fileq.ledger import Ledger
from fileq.ledger.queries.overview import JobSelection
from fileq.lookup import require_batch

app = new_app()

_COLUMNS = (
    Column("job", 6, "number"),
    Column("batch", 5, "number"),
    Column("state", 9),
    Column("cause", 11),
    Column("recipe", 10),
    Column("source", kind="path"),
    Column("reason", kind="brief"),
)


@app.command(name="list", epilog="Example: fileq list --state failed --batch 7")
def list_(
    context: typer.Context,
    *,
    state: Annotated[
        list[JobState] | None,
        typer.Option("--state", "-s", help="Only this state; repeatable.", show_envvar=False, show_default=False),
    ] = None,
    batch: options.Batch = None,
    recipe: Annotated[
        str | None,
        typer.Option("--recipe", "-r", metavar="NAME", help="Only this recipe.", show_envvar=False, show_default=False),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="TEXT", help="Only this key.", show_envvar=False, show_default=False),
    ] = None,
    limit: options.Limit = None,
    json: options.Json = False,
) -> ExitCode:
    """List jobs, newest first.

    Superseded ones are listed only where --state names them.
    """
    session = session_of(context)
    display = session.display(json=json)
    selection = JobSelection(states=state or (), batch_id=batch, recipe_name=recipe, key=key)
    rows = limit if limit is not None or json else display.rows
    with session.ledger() as ledger:
        require_batch(ledger, batch)
        jobs = ledger.overview.list_jobs(selection, rows)
        if json:
            display.answer(Answer(map(job_document, jobs)))
            return ExitCode.DONE
        display.answer(Answer(None, [_table(jobs, selection, for_people=display.rows is not None)]))
        if limit is None and rows is not None and (more := _count(ledger, selection) - rows) > 0:
            display.hint(f"{more:,} more. Show them with --limit, or pipe the list.")
    return ExitCode.DONE


def _table(jobs: Iterable[Job], selection: JobSelection, *, for_people: bool) -> Table:
    """Return a row a job. People need no column that says the same in each row; pipes get all."""
    known = {"batch": selection.batch_id is not None, "state": len(selection.states) == 1}
    shown = [at for at, column in enumerate(_COLUMNS) if not (for_people and known.get(column.title))]
    return Table([_COLUMNS[at] for at in shown], ([row[at] for at in shown] for row in map(_row, jobs)))


def _row(job: Job) -> tuple[Cell, ...]:
    return (
        str(job.id),
        Text(str(job.batch_id), Tone.QUIET),
        state_text(job.state),
        Text(job.failure.kind if job.failure else "", Tone.BAD),
        job.recipe_name,
        relative_path(job.source),
        brief_reason(job.failure, job.source) if job.failure else job.note,
    )


def _count(ledger: Ledger, selection: JobSelection) -> int:
    if selection.recipe_name is not None or selection.key is not None:
        return len(ledger.overview.list_job_ids(selection))
    jobs = ledger.overview.tally_jobs(selection.batch_id).jobs
    return sum(jobs[state] for state in selection.states or LISTED)

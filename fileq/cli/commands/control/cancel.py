"""fileq cancel: cancel jobs that have not ended."""

from typing import Annotated

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.control import cancel_jobs
from fileq.display import Answer, Display, Text
from fileq.errors import ExitCode, UsageError
from fileq.job import UNFINISHED, Job
from fileq.ledger.queries.overview import JobSelection
from fileq.lookup import find_jobs, require_batch
from fileq.units import describe_count

app = new_app()


@app.command(epilog="Example: fileq cancel --batch 7")
def cancel(
    context: typer.Context,
    *,
    jobs: options.Jobs = None,
    batch: options.Batch = None,
    everything: Annotated[bool, typer.Option("--all", help="All jobs that have not ended.", show_envvar=False)] = False,
    json: options.Json = False,
) -> ExitCode:
    """Cancel jobs that have not ended. One that runs is stopped."""
    session = session_of(context)
    display = session.display(json=json)
    if not (jobs or batch is not None or everything):
        raise UsageError("Which jobs?", "Name them, or say --batch or --all.")
    with session.ledger() as ledger:
        named = find_jobs(ledger, jobs or ())
        require_batch(ledger, batch)
        job_ids = [job.id for job in named]
        if everything or batch is not None:
            job_ids += ledger.overview.list_job_ids(
                JobSelection(states=tuple(UNFINISHED), batch_id=None if everything else batch)
            )
        cancelled = cancel_jobs(ledger, job_ids, ledger.now())
    words = f"{describe_count(len(cancelled), 'job')} cancelled."
    display.answer(Answer({"cancelled": len(cancelled)}, [Text(words)]))
    return _exit_code([job for job in named if job.id not in cancelled], display)


def _exit_code(left: list[Job], display: Display) -> ExitCode:
    """Hint at jobs that were named and not cancelled. Returns the exit code."""
    for job in left:
        if job.state.is_final:
            display.reason(f"Job {job.id} is {job.state} already.")
        else:
            display.reason(f"Job {job.id} is just getting done: its outputs get their names.")
    return ExitCode.FAILED if left else ExitCode.DONE

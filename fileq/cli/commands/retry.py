"""fileq retry: queue failed and cancelled jobs again."""

import time
from typing import Annotated

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.lookup import NO_WORKER_HINT, find_jobs, is_worker_alive, require_batch
from fileq.cli.session import session_of
from fileq.control import retry_jobs
from fileq.display import Answer, Display, Text
from fileq.errors import ErrorKind, ExitCode, UsageError
from fileq.job import Job, JobState
from fileq.ledger import Ledger
from fileq.ledger.queries.overview import JobSelection
from fileq.units import describe_count

app = new_app()

_RETRIABLE = (JobState.FAILED, JobState.CANCELLED)


@app.command(epilog="Example: fileq retry --failed --cause timeout")
def retry(
    context: typer.Context,
    *,
    jobs: options.Jobs = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed.", show_envvar=False)] = False,
    batch: options.Batch = None,
    cause: Annotated[
        ErrorKind | None,
        typer.Option("--cause", help="Those that failed for this cause.", show_envvar=False, show_default=False),
    ] = None,
    json: options.Json = False,
) -> ExitCode:
    """Queue failed and cancelled jobs again. A batch alone means both kinds."""
    session = session_of(context)
    display = session.display(json=json)
    if not (jobs or failed or batch is not None or cause):
        raise UsageError("Which jobs?", "Name them, or say --failed, --batch or --cause.")
    with session.ledger() as ledger:
        named = find_jobs(ledger, jobs or ())
        require_batch(ledger, batch)
        job_ids = [job.id for job in named]
        if failed or batch is not None or cause:
            states = (JobState.FAILED,) if failed or cause else _RETRIABLE
            job_ids += ledger.overview.list_job_ids(JobSelection(states=states, batch_id=batch, error_kind=cause))
        count = len(retry_jobs(ledger, job_ids, time.time()))
        display.answer(Answer({"retried": count}, [Text(f"{describe_count(count, 'job')} queued again.")]))
        if count and not is_worker_alive(ledger, session.config):
            display.hint(NO_WORKER_HINT)
        return _exit_code(ledger, named, display)


def _exit_code(ledger: Ledger, named: list[Job], display: Display) -> ExitCode:
    """Hint at jobs that were named and could not be retried. Returns the exit code."""
    others = [job for job in named if job.state not in _RETRIABLE]
    for job in others:
        newer = ledger.overview.find_newer_job(job.id) if job.state is JobState.SUPERSEDED else None
        reason = (
            "only failed and cancelled jobs can be tried again."
            if newer is None
            else f"a newer version of its source is job {newer}."
        )
        display.hint(f"Job {job.id} is {job.state}; {reason}")
    return ExitCode.FAILED if others else ExitCode.DONE

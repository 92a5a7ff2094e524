"""fileq forget: remove finished jobs from the lists."""

from typing import Annotated

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.display import Answer, Display, Text
from fileq.errors import ExitCode, UsageError
from fileq.job import FINAL, Job, JobState
from fileq.ledger.queries.overview import JobSelection
from fileq.lookup import find_jobs, require_batch
from fileq.retention.forget import forget_jobs
from fileq.units import describe_count

app = new_app()


@app.command(epilog="Example: fileq forget --failed")
def forget(
    context: typer.Context,
    *,
    jobs: options.Jobs = None,
    batch: options.Batch = None,
    failed: Annotated[bool, typer.Option("--failed", help="All jobs that failed.", show_envvar=False)] = False,
    json: options.Json = False,
) -> ExitCode:
    """Remove finished jobs from all lists and sums. What they made stays on disk, and so do their sources."""
    session = session_of(context)
    display = session.display(json=json)
    if not (jobs or batch is not None or failed):
        raise UsageError("Which jobs?", "Name them, or say --batch or --failed.")
    with session.ledger() as ledger:
        named = find_jobs(ledger, jobs or ())
        require_batch(ledger, batch)
        job_ids = [job.id for job in named]
        if batch is not None or failed:
            states = (JobState.FAILED,) if failed else tuple(FINAL)
            job_ids += ledger.overview.list_job_ids(JobSelection(states=states, batch_id=batch))
        count = forget_jobs(ledger, list(dict.fromkeys(job_ids)), ledger.now(), session.config.settings.schedule)
    display.answer(Answer({"forgotten": count}, [Text(f"{describe_count(count, 'job')} forgotten.")]))
    return _exit_code(named, display)


def _exit_code(named: list[Job], display: Display) -> ExitCode:
    """Hint at jobs that were named and have not ended. Returns the exit code."""
    others = [job for job in named if not job.state.is_final]
    for job in others:
        display.reason(f"Job {job.id} is {job.state}; only what has ended can be forgotten.")
    return ExitCode.FAILED if others else ExitCode.DONE

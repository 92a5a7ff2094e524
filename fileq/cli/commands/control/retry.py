"""fileq retry: queue failed and cancelled jobs again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import Session, session_of
from fileq.config.slots import slot_count
from fileq.control import retry_jobs
from fileq.display import Answer, Display, Text
from fileq.errors import ErrorKind, ExitCode, UsageError
from fileq.intake import AddResult
from fileq.job import UNFINISHED, Job, JobState
from fileq.ledger import Ledger
from fileq.ledger.queries.overview import JobSelection
from fileq.lookup import find_jobs, is_worker_alive, require_batch
from fileq.queue import adopt_jobs
from fileq.units import describe_count

if TYPE_CHECKING:
    from fileq.worker.worker import Worker

app = new_app()

_RETRIABLE = (JobState.FAILED, JobState.CANCELLED)


@app.command(epilog="Example: fileq retry --failed --cause timeout")
def retry(
    context: typer.Context,
    *,
    jobs: options.Jobs = None,
    failed: Annotated[bool, typer.Option("--failed", help="All jobs that failed.", show_envvar=False)] = False,
    batch: options.Batch = None,
    cause: Annotated[
        ErrorKind | None,
        typer.Option("--cause", help="The jobs that failed for this cause.", show_envvar=False, show_default=False),
    ] = None,
    run: Annotated[
        bool, typer.Option("--run", help="Process them here, and end when they are done.", show_envvar=False)
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow them to their end; exit 1 if a job failed.", show_envvar=False)
    ] = False,
    workers: options.Workers = None,
    json: options.Json = False,
) -> ExitCode:
    """Queue failed and cancelled jobs again, to read their sources as they are now. A batch alone means both kinds.

    With --run or --wait, those that are queued already are seen to their end too.
    """
    session = session_of(context)
    display = session.display(json=json)
    if not (jobs or failed or batch is not None or cause):
        raise UsageError("Which jobs?", "Name them, or say --failed, --batch or --cause.")
    if run and wait:
        raise UsageError("--run and --wait can't be combined.", "--run waits for the end, too.")
    follows = run or wait
    with session.ledger() as ledger:
        named = find_jobs(ledger, jobs or ())
        require_batch(ledger, batch)
        job_ids = [job.id for job in named]
        if failed or batch is not None or cause:
            states = (JobState.FAILED,) if failed or cause else _taken_states(follows=follows)
            job_ids += ledger.overview.list_job_ids(JobSelection(states=states, batch_id=batch, error_kind=cause))
        code = _exit_code(ledger, named, display, follows=follows)
        if run:
            ended = _run(session, ledger, display, job_ids, slot_count(workers, session.config), batch)
        else:
            ended = _retry(session, ledger, display, job_ids, batch, waits=wait)
        return code if ended is ExitCode.DONE else ended


def _taken_states(*, follows: bool) -> tuple[JobState, ...]:
    """Return the states of jobs that can be retried, or, where they are followed, are queued already."""
    return (*_RETRIABLE, *UNFINISHED) if follows else _RETRIABLE


def _retry(
    session: Session, ledger: Ledger, display: Display, job_ids: Sequence[int], batch_id: int | None, *, waits: bool
) -> ExitCode:
    """Queue the jobs again, for any worker; where this command waits, see them to their end. Returns the exit code."""
    retried = retry_jobs(ledger, job_ids, ledger.now())
    display.answer(Answer({"retried": len(retried)}, [Text(f"{describe_count(len(retried), 'job')} queued again.")]))
    if waits:
        return _wait(session, ledger, display, [*retried, *ledger.jobs.filter_unfinished_jobs(job_ids)], batch_id)
    if retried and not is_worker_alive(ledger, session.config):
        display.hint(session.no_worker_hint)
    return ExitCode.DONE


def _run(
    session: Session, ledger: Ledger, display: Display, job_ids: Sequence[int], slots: int, batch_id: int | None
) -> ExitCode:
    from fileq.cli.work.execution import ProcessingWords, process_here

    def enqueue(worker: "Worker", queue: str) -> AddResult:
        """Queue the jobs again, for this worker."""
        now = ledger.now()
        followed = retry_jobs(ledger, job_ids, now)
        followed = list(dict.fromkeys([*followed, *ledger.jobs.filter_unfinished_jobs(job_ids)]))
        with ledger.transaction():
            adopt_jobs(ledger, queue, frozenset(followed), now, at_once=True)
        worker.adopt(followed)
        return AddResult(already_queued=len(followed), adopted=followed)

    again = "fileq worker" if batch_id is None else session.command("retry", "--batch", batch_id, "--run")
    return process_here(session, ledger, display, slots, enqueue, ProcessingWords(noun="job", again=again))


def _wait(
    session: Session, ledger: Ledger, display: Display, followed: Sequence[int], batch_id: int | None
) -> ExitCode:
    from fileq.cli.work.execution import ProcessingWords, follow_elsewhere

    result = AddResult(adopted=list(dict.fromkeys(followed)))
    again = session.command("wait", *([] if batch_id is None else [batch_id]))
    return follow_elsewhere(session, ledger, display, result, ProcessingWords(noun="job", again=again))


def _exit_code(ledger: Ledger, named: list[Job], display: Display, *, follows: bool) -> ExitCode:
    """Hint at jobs that were named and can't be retried, nor followed to their end. Returns the exit code."""
    others = [job for job in named if job.state not in _taken_states(follows=follows)]
    for job in others:
        newer = ledger.overview.find_newer_job(job.id) if job.state is JobState.SUPERSEDED else None
        reason = (
            "only failed and cancelled jobs can be tried again."
            if newer is None
            else f"a newer version of its source is job {newer}."
        )
        display.reason(f"Job {job.id} is {job.state}; {reason}")
    return ExitCode.FAILED if others else ExitCode.DONE

"""What people do on a page: they retry and cancel jobs, as the commands of these names do."""

from starlette.exceptions import HTTPException

from fileq.control import cancel_jobs, retry_jobs
from fileq.dashboard.desk import Desk
from fileq.errors import ErrorKind
from fileq.job import UNFINISHED, JobState
from fileq.ledger.queries.overview import JobSelection
from fileq.units import describe_count


def act(desk: Desk, what: str, *, job_id: int | None = None, batch_id: int | None = None, kind: str = "") -> str:
    """Retry or cancel a job, the jobs of a batch, or, of `kind`, those that failed so; return what was done, in words.

    Raises LedgerError, and HTTPException where there is no such action.
    """
    if what == "retry":
        jobs = [job_id] if job_id is not None else _find(desk, (JobState.FAILED,), batch_id, kind)
        count = len(retry_jobs(desk.ledger, jobs, desk.ledger.now()))
        return f"{describe_count(count, 'job')} queued again."
    if what == "cancel" and not kind:
        jobs = [job_id] if job_id is not None else _find(desk, tuple(UNFINISHED), batch_id)
        count = len(cancel_jobs(desk.ledger, jobs, desk.ledger.now()))
        return f"{describe_count(count, 'job')} cancelled."
    raise HTTPException(404, "There is no such action.")


def _find(desk: Desk, states: tuple[JobState, ...], batch_id: int | None, kind: str = "") -> list[int]:
    if batch_id is None and not kind:
        raise HTTPException(404, "Which jobs?")
    error_kind = ErrorKind(kind) if kind else None
    return desk.ledger.overview.list_job_ids(JobSelection(states=states, batch_id=batch_id, error_kind=error_kind))

"""What the ledger knows, to be looked at: sums, lists, one job whole. Nothing here changes anything."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec

from fileq.errors import ErrorKind
from fileq.job import LISTED, Failure, Job, JobState, OutputInfo
from fileq.ledger.columns import decode_path, read_error_kind, read_row
from fileq.ledger.conditions import UNFINISHED
from fileq.ledger.database import ALL, Database, select_among
from fileq.ledger.job_group import JobGroup, Scope, scope_sql

_SELECT_STATES = "select state from jobs where (purged_at is null or state = 'done') and id in"
_JOB = (
    "select jobs.id, batch_id, source, recipes.name, folder, state, attempts, priority, added_at, due_at, started_at,"
    " finished_at, error_kind, error_message, error_hint, note, moved_to, key"
    " from jobs join recipes on recipes.id = jobs.recipe_id"
)

_LATEST = 10_000
"""Jobs that tell how fast workers are: 15 ms, where all that 300 seconds may hold were half a second."""


class RunningJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that a worker has now, since `started_at`."""

    job_id: int
    worker_id: int
    source: str
    recipe_name: str
    started_at: float
    batch_id: int
    fingerprint: str
    size: int


class EndedJobs(msgspec.Struct, frozen=True, kw_only=True):
    """How many jobs each worker has ended after `since`, in seconds since the epoch, by the worker's id."""

    since: float
    by_worker: dict[int, int]


class JobTally(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over a batch, or over all. Bytes in and out, and outputs, are those of done jobs."""

    jobs: dict[JobState, int]
    bytes_in: int
    bytes_out: int
    outputs: int

    @property
    def total(self) -> int:
        return sum(count for state, count in self.jobs.items() if state in LISTED)

    @property
    def unfinished(self) -> int:
        return sum(count for state, count in self.jobs.items() if not state.is_final)

    @property
    def bytes_saved(self) -> int:
        """How much smaller the outputs are than their sources; below 0 where they are larger."""
        return self.bytes_in - self.bytes_out


class AttemptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One try at a job. `outcome` is None while it runs."""

    number: int
    worker_id: int
    started_at: float
    finished_at: float | None
    outcome: str | None
    message: str


class RemovedOutput(msgspec.Struct, frozen=True):
    """An output that retention has removed."""

    info: OutputInfo
    removed_at: float


class JobSelection(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs are meant: all, or those in any of `states`, of a batch, recipe or key, that failed for a cause.

    With `before_id`, older ones than that job.

    Tombstones are never meant, and superseded jobs only where `states` names them.
    """

    states: Sequence[JobState] = ()
    batch_id: Scope = None
    recipe_name: str | None = None
    error_kind: ErrorKind | None = None
    key: str | None = None
    before_id: int | None = None

    def to_sql(self) -> tuple[str, list[object]]:
        """Return the SQL condition, and its values."""
        terms: list[str] = ["purged_at is null"]
        values: list[object] = []
        if self.states:
            terms.append(f"state in ({', '.join('?' * len(self.states))})")
            values += self.states
        else:
            terms.append("state <> 'superseded'")
        if self.batch_id is not None:
            condition, chosen = scope_sql(self.batch_id)
            terms.append(condition)
            values += chosen
        if self.recipe_name is not None:
            terms.append("recipe_id in (select id from recipes where name = ?)")
            values.append(self.recipe_name)
        if self.error_kind is not None:
            terms.append("error_kind = ?")
            values.append(self.error_kind)
        if self.key is not None:
            terms.append("key = ?")
            values.append(self.key)
        if self.before_id is not None:
            terms.append("jobs.id < ?")
            values.append(self.before_id)
        return " and ".join(terms), values


class Overview:
    def __init__(self, database: Database) -> None:
        self._database = database

    def tally_jobs(self, scope: Scope = None) -> JobTally:
        """Return the sums over a batch, over a group, which takes a look at each of its jobs, or over all."""
        condition, values = scope_sql(scope)
        sums = (
            "select state, count(*), sum(size), sum(bytes_out), sum(outputs) from jobs where purged_at is null and"
            if isinstance(scope, JobGroup)
            else "select state, sum(jobs), sum(bytes_in), sum(bytes_out), sum(outputs) from tallies where"
        )
        with self._database.reading() as connection:
            rows = connection.execute(f"{sums} {condition} group by state", values).fetchall()
        jobs = dict.fromkeys(JobState, 0) | {JobState(state): count for state, count, *_ in rows}
        done = next((sums for state, _, *sums in rows if state == JobState.DONE), [0, 0, 0])
        return read_row(JobTally, (jobs, *done))

    def count_by_state(self, job_ids: Collection[int]) -> Counter[JobState]:
        """Return how many of these jobs are in which state, whatever their batch. One that is gone counts nowhere.

        One that is done and was forgotten since is done.
        """
        with self._database.reading() as connection:
            rows = select_among(connection, _SELECT_STATES, list(job_ids))
            return Counter(JobState(state) for (state,) in rows)

    def count_finished_jobs(self, moment: float, batch_id: int | None = None) -> int:
        """Return how many jobs ended, well or not, after `moment`."""
        with self._database.reading() as connection:
            (count,) = connection.execute(
                "select count(*) from jobs where finished_at > ? and purged_at is null and state <> 'superseded'"
                " and (cast(? as bigint) is null or batch_id = ?)",
                (moment, batch_id, batch_id),
            ).fetchone()
        return int(count)

    def count_ended_by_worker(self, since: float) -> EndedJobs:
        """Return how many jobs each worker has ended after `since`, of the last 10,000."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select worker_id, count(*), min(finished_at) from (select worker_id, finished_at from jobs"
                " where finished_at > ? and purged_at is null order by finished_at desc limit ?) as latest"
                " group by worker_id",
                (since, _LATEST),
            ).fetchall()
        is_all = sum(count for _, count, _ in rows) < _LATEST
        return EndedJobs(
            since=since if is_all else min(first for _, _, first in rows),
            by_worker={worker: count for worker, count, _ in rows if worker is not None},
        )

    def list_running_jobs(self) -> list[RunningJob]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "select jobs.id, worker_id, source, recipes.name, started_at, batch_id,"  # noqa: S608  # ours
                " jobs.fingerprint, size from jobs join recipes"
                f" on recipes.id = jobs.recipe_id where {UNFINISHED} and state = 'running' order by jobs.id"
            ).fetchall()
        return [read_row(RunningJob, (job, worker, decode_path(source), *rest)) for job, worker, source, *rest in rows]

    def list_jobs(self, selection: JobSelection, limit: int | None = None) -> Iterator[Job]:
        """Yield the jobs that are meant, newest first."""
        condition, values = selection.to_sql()
        with self._database.reading() as connection:
            rows = connection.execute(
                f"{_JOB} where {condition} order by jobs.id desc limit ?", (*values, ALL if limit is None else limit)
            )
            for row in rows:
                yield self._job(row)

    def find_ended_jobs(self, job_ids: Collection[int]) -> dict[int, Job | None]:
        """Return those of these jobs that have ended, by their ids; None for one that is gone."""
        with self._database.reading() as connection:
            states = dict(select_among(connection, "select id, state from jobs where id in", list(job_ids)))
            over = [job_id for job_id in job_ids if job_id not in states or JobState(states[job_id]).is_final]
            return {job_id: self.find_job(job_id, purged=True) for job_id in over}

    def list_job_ids(self, selection: JobSelection) -> list[int]:
        """Return the ids of the jobs that are meant, oldest first."""
        condition, values = selection.to_sql()
        with self._database.reading() as connection:
            rows = connection.execute(f"select id from jobs where {condition} order by id", values).fetchall()  # noqa: S608  # ours
        return [job for (job,) in rows]

    def find_job(self, job_id: int, *, purged: bool = False) -> Job | None:
        """Return a job; one that is a tombstone only where `purged` asks for it."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"{_JOB} where jobs.id = ? and (? or purged_at is null)", (job_id, purged)
            ).fetchone()
        return row and self._job(row)

    def find_source_version(self, job_id: int) -> str:
        """Return the version of the source that a job is about, as it is now."""
        with self._database.reading() as connection:
            row = connection.execute("select version from jobs where id = ?", (job_id,)).fetchone()
        return str(row[0]) if row else ""

    def find_newer_job(self, job_id: int) -> int | None:
        """Return the id of the newest job about the same source, for a job that is superseded; None where it's gone."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select newer.id from jobs as older join jobs as newer on newer.source = older.source"
                " and newer.folder = older.folder where older.id = ? and newer.id <> older.id"
                " and newer.state <> 'superseded' order by newer.batch_id desc, newer.id desc limit 1",
                (job_id,),
            ).fetchone()
        return row and int(row[0])

    def list_removed_outputs(self, job_id: int) -> list[RemovedOutput]:
        """Return what a job had made, and retention has removed."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path, format, width, height, bytes, removed_at from outputs"
                " where job_id = ? and removed_at is not null order by rowid",
                (job_id,),
            ).fetchall()
        return [RemovedOutput(_output_info(row), at) for *row, at in rows]

    def list_attempts(self, job_id: int) -> list[AttemptRecord]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "select number, worker_id, started_at, finished_at, outcome, message from attempts where job_id = ?"
                " order by number",
                (job_id,),
            ).fetchall()
        return [read_row(AttemptRecord, row) for row in rows]

    def _job(self, row: Sequence[Any]) -> Job:
        number, batch, source, recipe, folder, state, *numbers, kind, message, hint, note, moved, key = row
        source = decode_path(source)
        moved_to = None if moved is None else decode_path(moved)
        failure = None if kind is None else Failure(read_error_kind(kind), message, hint)
        if failure is not None and moved_to is not None:
            failure = failure.at_new_place(number, source, moved_to)
        attempts, priority, added_at, due_at, started_at, finished_at = numbers
        return Job(
            id=number, batch_id=batch, source=source, moved_to=moved_to, recipe_name=recipe, folder=decode_path(folder),
            state=JobState(state), attempts=attempts, priority=priority,
            added_at=added_at, due_at=due_at, started_at=started_at, finished_at=finished_at,
            failure=failure, note=note, key=key,
            # A job that has not done it yet may hold paths at which an earlier one's files still stand.
            outputs=self.list_outputs(number) if state == JobState.DONE else (),
        )  # fmt: skip

    def list_outputs(self, job_id: int) -> tuple[OutputInfo, ...]:
        """Return the outputs of a job that stand."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path, format, width, height, bytes from outputs where job_id = ? and"
                " published_version is not null"
                " order by rowid",
                (job_id,),
            ).fetchall()
        return tuple(map(_output_info, rows))


def _output_info(row: Sequence[Any]) -> OutputInfo:
    path, format_, width, height, size = row
    return OutputInfo(path=decode_path(path), format=format_, width=width, height=height, bytes=size)

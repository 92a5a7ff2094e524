"""What the checks of our health look at. Each look is cheap with a million jobs: by an index, or by a sample.

SQLite uses the index of unfinished jobs for queries that repeat its condition word by word.
"""

import os
from collections.abc import Iterable

import msgspec

from fileq.ledger.columns import decode_path, encode_name
from fileq.ledger.conditions import IN_ROOTS, UNFINISHED, UNSENT
from fileq.ledger.database import Database
from fileq.roots import is_here

_SAMPLE = 10_000
_LONGEST = 1_000

_DUE = (
    "state = 'queued' and due_at is null order by id",
    "state = 'queued' and due_at <= :now order by due_at",
    "state = 'waiting' and due_at <= :now order by due_at",
)
"""Each in the order of the index."""

_UNSENT_DUE = f"{UNSENT} and coalesce(due_at, 0) <= :now order by due_at"

_KNOWN = "job.tries > 0 or outcome is null or outcome in ('stopped', 'worker died')"
"""Whether it is known since when a job waits: after a `retry` nobody knows."""


class WaitingQueue(msgspec.Struct, frozen=True):
    """Jobs of a queue that could be begun by now, the first of them since then, in seconds since the epoch.

    `since` is None where all were queued again by a person, nobody knows when.
    """

    queue: str
    since: float | None


class DueJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that could be begun by now; `since` is when it came, was due, was given back, or lost its message."""

    job_id: int
    source: str
    queue: str
    priority: int
    since: float


class JobTurn(msgspec.Struct, frozen=True, kw_only=True):
    """A job that has had its turn, and where in the queue it stood."""

    job_id: int
    queue: str
    priority: int
    added_at: float


class JobFlow(msgspec.Struct, frozen=True):
    """How many jobs came and how many ended in some time, and how many are due or will be by themselves."""

    came: int
    ended: int
    left: int


class HealthQueries:
    def __init__(self, database: Database) -> None:
        self._database = database

    def try_to_write(self) -> None:
        """Raise LedgerError where jobs can't be changed: a server says so even where there is nothing to change."""
        with self._database.transaction() as connection:
            connection.execute("update jobs set state = state where false")

    def list_waiting_queues(self, now: float) -> list[WaitingQueue]:
        """Return the queues that have due jobs, by the first thousand of each kind."""
        queues: dict[str, list[float]] = {}
        for queue, since in (row for condition in _DUE for row in self._due(condition, now)):
            queues.setdefault(queue, []).extend([] if since is None else [since])
        return [WaitingQueue(queue, min(moments, default=None)) for queue, moments in queues.items()]

    def _due(self, condition: str, now: float) -> list[tuple[str, float | None]]:
        """Each one's queue, and since when it waits."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"select queue, {_KNOWN}, job.added_at, job.due_at, attempts.finished_at from"  # noqa: S608  # the conditions are ours
                " (select * from jobs where state in ('queued', 'running', 'waiting')"
                f" and {condition} limit {_LONGEST}) as job"
                " join batches on batches.id = job.batch_id"
                " left join attempts on attempts.job_id = job.id and number = job.attempts",
                {"now": now},
            ).fetchall()
        return [(queue, max(moment or 0.0 for moment in moments) if known else None) for queue, known, *moments in rows]

    def list_due_jobs(self, now: float, *, unsent: bool = False) -> list[DueJob]:
        """Return the first thousand due jobs of each kind; only those that no message names, where `unsent`.

        Without those that a person retried: nobody knows since when they wait.
        """
        conditions = [_UNSENT_DUE] if unsent else [f"{UNFINISHED} and {condition}" for condition in _DUE]
        return [job for condition in conditions for job in self._due_jobs(condition, now)]

    def _due_jobs(self, condition: str, now: float) -> list[DueJob]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "select job.id, source, queue, priority,"  # noqa: S608  # the conditions are ours
                " max(job.added_at, coalesce(job.due_at, 0), coalesce(attempts.finished_at, 0),"
                " case when taken_at <= :now then taken_at else 0 end) from"
                f" (select * from jobs where {condition} limit {_LONGEST}) as job"
                " join batches on batches.id = job.batch_id"
                f" left join attempts on attempts.job_id = job.id and number = job.attempts where {_KNOWN}",
                {"now": now},
            ).fetchall()
        return [
            DueJob(job_id=job_id, source=decode_path(source), queue=queue, priority=priority, since=since)
            for job_id, source, queue, priority, since in rows
        ]

    def list_turns(self, since: float) -> list[JobTurn]:
        """Return what has ended after `since`, the last thousand."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select job.id, queue, priority, job.added_at from"
                " (select * from jobs where finished_at > ? and purged_at is null"
                " order by finished_at desc limit ?) as job join batches on batches.id = job.batch_id",
                (since, _LONGEST),
            ).fetchall()
        return [
            JobTurn(job_id=job_id, queue=queue, priority=priority, added_at=added_at)
            for job_id, queue, priority, added_at in rows
        ]

    def count_jobs_in_roots(self) -> dict[frozenset[str], int]:
        """Return how many jobs wait that need roots, by the names of all that each one needs."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"select roots, count(*) from jobs where {IN_ROOTS} and state <> 'running' group by roots"  # noqa: S608  # ours
            ).fetchall()
        return {frozenset(roots.split(",")): count for roots, count in rows}

    def has_unfinished_sources_in(self, root: str) -> bool:
        """Return whether a job is to read its source in a root."""
        first, last = f"{root}:", f"{root};"  # what follows it in the order of bytes
        with self._database.reading() as connection:
            row = connection.execute(
                f"select 1 from jobs where {IN_ROOTS} and (source >= ? and source < ?"  # noqa: S608  # ours
                " or moved_to >= ? and moved_to < ?) limit 1",
                (first, last, first, last),
            ).fetchone()
        return row is not None

    def knows_sources_below(self, folder: str) -> bool:
        """Return whether any job's source is known by a path below this one, an absolute path outside of all roots."""
        first, last = encode_name(f"{folder}{os.sep}"), encode_name(f"{folder}{chr(ord(os.sep) + 1)}")
        with self._database.reading() as connection:
            row = connection.execute(
                "select 1 from jobs where source > ? and source < ? limit 1", (first, last)
            ).fetchone()
        return row is not None

    def measure_flow(self, since: float, now: float) -> JobFlow:
        with self._database.reading() as connection:
            (came,) = connection.execute(
                "select coalesce(sum(jobs), 0) from batches join tallies on batch_id = batches.id where added_at > ?",
                (since,),
            ).fetchone()
            (ended,) = connection.execute(
                "select count(*) from jobs where finished_at > ? and purged_at is null", (since,)
            ).fetchone()
            (unfinished,) = connection.execute(
                "select coalesce(sum(jobs), 0) from tallies where state in ('queued', 'running', 'waiting')"
            ).fetchone()
            (later,) = connection.execute(
                "select count(*) from jobs where state in ('queued', 'running', 'waiting')"
                " and state = 'queued' and due_at > ?",
                (now,),
            ).fetchone()
        return JobFlow(came, ended, unfinished - later)

    def list_output_folders(self, since: float) -> list[str]:
        """Return where unfinished jobs, and those that ended after `since`, have their outputs: of 10,000 each."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select folder from"
                " (select folder from jobs where state in ('queued', 'running', 'waiting') limit ?) as unfinished"
                " union select folder from"
                " (select folder from jobs where finished_at > ? and purged_at is null"
                " order by finished_at desc limit ?) as ended",
                (_SAMPLE, since, _SAMPLE),
            ).fetchall()
        return [folder for (row,) in rows if is_here(folder := decode_path(row))]

    def list_recent_output_folders(self, since: float, limit: int) -> list[str]:
        """Return where outputs of the last 10,000 jobs that ended after `since` lie: `limit` folders, latest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path from (select id, finished_at from jobs where finished_at > ? and purged_at is null"
                " order by finished_at desc limit ?) as job join outputs on outputs.job_id = job.id"
                " order by job.finished_at desc",
                (since, _SAMPLE),
            ).fetchall()
        paths = filter(is_here, (decode_path(path) for (path,) in rows))
        return list(dict.fromkeys(map(os.path.dirname, paths)))[:limit]

    def find_running_attempts(self, job_ids: Iterable[int]) -> dict[int, int]:
        """Return those of these jobs that run, by their ids, each with the number of its attempt."""
        with self._database.reading() as connection:
            rows = [
                connection.execute(
                    "select id, attempts from jobs where id = ? and state = 'running'", (job,)
                ).fetchone()
                for job in job_ids
            ]
        return dict(row for row in rows if row)

    def find_latest_moment(self) -> float | None:
        """Return the latest time at which something has happened, as far as was written down."""
        with self._database.reading() as connection:
            (moment,) = connection.execute(
                "select max(moment) from ("
                "select max(finished_at) as moment from jobs where finished_at is not null"
                " and purged_at is null"
                " union all select max(added_at) from batches"
                " union all select max(started_at) from attempts where job_id in (select id from jobs"
                " where state in ('queued', 'running', 'waiting') and state = 'running')"
                " union all select max(heartbeat_at) from workers"
                " union all select max(status_at) from watches"
                " union all select max(started_at) from scheduled_tasks) as moments"
            ).fetchone()
        return None if moment is None else float(moment)

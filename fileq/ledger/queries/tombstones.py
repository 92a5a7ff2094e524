"""Old jobs become tombstones, and what nothing needs any more goes, in transactions that are short."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec

from fileq.ledger.columns import decode_path, read_row
from fileq.ledger.conditions import ENDED, LEAVING, NAMES_NO_UNFINISHED, PARKED
from fileq.ledger.database import Connection, Database

_OLD = (
    f"finished_at < ? and purged_at is null and {ENDED}"  # noqa: S608  # ours
    " and not exists (select 1 from outputs where outputs.job_id = jobs.id"
    " and (temp_path is not null or pending_version is not null or hidden_path is not null))"
)
_PAST = (
    f"select jobs.id, source, version, {LEAVING}, watch_id from jobs"  # noqa: S608  # ours
    " left join batches on batches.id = jobs.batch_id"
)
_PICKED = f"where id = ? and {ENDED} and (purged_at is null and finished_at < ? or purged_at < ?)"
_PURGE = f"update jobs set purged_at = ?, needs_notice = 0 {_PICKED} returning id"  # noqa: S608  # ours
_DELETE = f"delete from jobs {_PICKED} and not {LEAVING} returning id"  # noqa: S608  # ours
_LAST_DAY = 86400.0
"""Seconds. A watcher may fill the same batch for so long, and a cleaning lasts no longer."""

_TIDYING = (
    "delete from tallies where jobs = 0",
    "delete from task where queue not in (select queue from workers) and queue not in (select queue from batches)",
    "delete from schedule where queue not in (select queue from workers) and queue not in (select queue from batches)",
    # What a run that was killed had adopted, and others have done since.
    f"delete from task where {NAMES_NO_UNFINISHED}",  # noqa: S608  # ours
)


class PurgeCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A job that ended long ago. `watch_id` is that of the watched folder that its source came by."""

    job_id: int
    source: str
    version: str
    has_disposition: bool
    watch_id: int | None


class Tombstones:
    """The newest job, batch and recipe stay, whatever their age: else SQLite would give their numbers anew."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_old_jobs(self, before: float) -> int:
        """Return how many jobs that are listed ended before."""
        with self._database.reading() as connection:
            (count,) = connection.execute(f"select count(*) from jobs where {_OLD}", (before,)).fetchone()  # noqa: S608  # ours
        return int(count)

    def find_old_jobs(self, before: float, limit: int) -> list[PurgeCandidate]:
        """Return jobs that are listed and ended before, the first ones first."""
        return self._past(f"where {_OLD} order by finished_at limit ?", before, limit)

    def find_finished_jobs(self, job_ids: Iterable[int]) -> list[PurgeCandidate]:
        """Return those of these jobs that are listed and have ended, unless an output of theirs is just on its way."""
        return [job for job_id in job_ids for job in self._past(f"where jobs.id = ? and {_OLD}", job_id, float("inf"))]

    def find_tombstones(self, before: float, limit: int) -> list[PurgeCandidate]:
        """Return what stayed of jobs, and was last looked at before."""
        return self._past("where purged_at < ? order by purged_at limit ?", before, limit)

    def _past(self, condition: str, *values: object) -> list[PurgeCandidate]:
        with self._database.reading() as connection:
            rows = connection.execute(f"{_PAST} {condition}", values).fetchall()
        return [read_row(PurgeCandidate, (job, decode_path(source), *rest)) for job, source, *rest in rows]

    def list_published_paths(self, job_id: int) -> list[str]:
        """Return the paths of what a job published, as far as nobody has removed it."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path from outputs where job_id = ? and published_version is not null", (job_id,)
            )
            return [decode_path(path) for (path,) in rows]

    def purge_jobs(
        self, needed: Collection[int], others: Collection[int], now: float, *, ended: float, seen: float
    ) -> None:
        """Keep of the `needed` ones what serves to make nothing twice, and nothing of the others.

        Only those that ended before `ended` and are listed, or are tombstones and were last looked at before `seen`:
        the rest has been queued again since they were chosen.
        """
        with self._database.transaction() as connection:
            (newest,) = connection.execute("select max(id) from jobs").fetchone()
            gone = [job for job in others if job != newest]
            keep = [*needed, *(job for job in others if job == newest)]
            kept = [_one(connection, _PURGE, now, job, ended, seen) for job in keep]
            left = [_one(connection, _DELETE, job, ended, seen) for job in gone]
            connection.executemany("delete from attempts where job_id = ?", [(job,) for job in (*kept, *left) if job])
            connection.executemany("delete from outputs where job_id = ?", [(job,) for job in left if job])

    def delete_unused(self, now: float) -> None:
        """Remove batches, recipes and dispositions without jobs, sums of nothing, and messages nobody will read."""
        with self._database.transaction() as connection:
            connection.execute(
                "delete from batches where id < (select max(id) from batches) and added_at < ?"
                " and not exists (select 1 from jobs where batch_id = batches.id)",
                (now - _LAST_DAY,),
            )
            connection.execute(
                "delete from dispositions where retry_at = ?"
                " and not exists (select 1 from jobs where disposition_id = dispositions.id)",
                (PARKED,),
            )
        for statement in _TIDYING:
            with self._database.transaction() as connection:
                connection.execute(statement)
        self._tidy_recipes(now)

    def _tidy_recipes(self, now: float) -> None:
        """No index says which jobs a recipe has: all are read before, and in the transaction those of the last day."""
        with self._database.reading() as connection:
            unused = connection.execute(
                "select id from recipes where id < (select max(id) from recipes)"
                " and id not in (select recipe_id from jobs)"
            ).fetchall()
        with self._database.transaction() as connection:
            connection.executemany(
                "delete from recipes where id = ?"
                " and id not in (select recipe_id from jobs where state in ('queued', 'running', 'waiting'))"
                " and id not in (select recipe_id from jobs where finished_at > ? and purged_at is null)",
                [(recipe, now - _LAST_DAY) for (recipe,) in unused],
            )

    def iterate_sources(self) -> Iterator[str]:
        """Yield the sources of all jobs, and of what stayed of old ones: they may be many."""
        after = 0
        while rows := self._some_sources(after):
            yield from (decode_path(source) for _, source in rows)
            after = rows[-1][0]

    def _some_sources(self, after: int) -> list[Any]:
        with self._database.reading() as connection:
            return connection.execute(
                "select id, source from jobs where id > ? order by id limit 10000", (after,)
            ).fetchall()

    def list_watched_paths(self) -> list[str]:
        """Return the paths of all folders that are watched, or were."""
        with self._database.reading() as connection:
            rows: list[Any] = connection.execute("select path from watches").fetchall()
        return [decode_path(path) for (path,) in rows]


def _one(connection: Connection, statement: str, *values: object) -> int | None:
    row = connection.execute(statement, values).fetchone()
    return row and int(row[0])

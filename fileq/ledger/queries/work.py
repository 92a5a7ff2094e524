"""How much work there is by recipe, what jobs of it took until now, and what a batch is about and has made."""

import os
from collections import Counter
from collections.abc import Iterable

import msgspec

from fileq.job import Failure, JobState
from fileq.ledger.columns import decode_path, read_error_kind, read_row
from fileq.ledger.conditions import UNFINISHED
from fileq.ledger.database import ALL, Database
from fileq.ledger.job_group import Scope, scope_sql

_SAMPLES = 2000
"""So many of the jobs that ended last tell what a job takes."""

_SOURCES = 16
"""So many jobs of a batch, evenly taken, tell where its sources and outputs are."""


class WorkCount(msgspec.Struct, frozen=True):
    """Jobs of one recipe, and the bytes of their sources."""

    jobs: int
    bytes: int


class WorkSample(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over done jobs of one recipe, known by its fingerprint: what least squares of seconds over bytes need.

    `seconds` are those of the last attempts, `bytes_out` those of the outputs.
    """

    fingerprint: str
    jobs: int
    bytes: float
    seconds: float
    bytes_squared: float
    bytes_by_seconds: float
    bytes_out: float


class EndedWork(msgspec.Struct, frozen=True, kw_only=True):
    """A job that was done, or has failed: its recipe's fingerprint, its source's bytes, and when it began and ended."""

    fingerprint: str
    size: int
    started_at: float
    finished_at: float
    is_done: bool


class BatchSummary(msgspec.Struct, frozen=True, kw_only=True):
    """An unfinished or listed batch: when it was queued, where its sources and its outputs are, and its recipes."""

    batch_id: int
    added_at: float
    source: str
    folder: str
    recipe_names: tuple[str, ...]
    is_removed: bool
    """Whether it has made something, and all of that was removed since, by undo or retention."""


class WaitingTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs that wait for another try for one reason, with the folder of their outputs, and when the first is due."""

    kind: str
    message: str
    folder: str
    jobs: int
    due_at: float


class NoteTotal(msgspec.Struct, frozen=True):
    """A note, on how many jobs it stands, and one of these."""

    note: str
    jobs: int
    job_id: int


class FolderTotal(msgspec.Struct, frozen=True):
    """A folder with outputs of a batch, and how many of them are pictures."""

    folder: str
    outputs: int
    pictures: int


class WorkQueries:
    def __init__(self, database: Database) -> None:
        self._database = database

    def count_work(self, scope: Scope, since: float) -> tuple[dict[str, WorkCount], dict[str, WorkCount]]:
        """Return the ended and the unfinished jobs of a batch by their recipes' fingerprints.

        Of all batches, where `scope` is None: those that ended after `since`, in seconds since the epoch.
        """
        with self._database.reading() as connection:
            if scope is not None:
                condition, values = scope_sql(scope)
                rows = connection.execute(
                    "select fingerprint, finished_at is not null as has_ended, count(*), sum(size) from jobs"  # noqa: S608  # ours
                    f" where {condition} and purged_at is null group by fingerprint, has_ended",
                    values,
                ).fetchall()
            else:
                rows = connection.execute(
                    "select fingerprint, 1, count(*), sum(size) from jobs"  # noqa: S608  # ours
                    " where finished_at > ? and purged_at is null group by fingerprint"
                    f" union all select fingerprint, 0, count(*), sum(size) from jobs where {UNFINISHED}"
                    " group by fingerprint",
                    (since,),
                ).fetchall()
        ended: dict[str, WorkCount] = {}
        left: dict[str, WorkCount] = {}
        for fingerprint, has_ended, *sums in rows:
            (ended if has_ended else left)[fingerprint] = WorkCount(*sums)
        return ended, left

    def sample_work(self) -> list[WorkSample]:
        """Return what the jobs that were done last took, by recipe."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select fingerprint, count(*), sum(size), sum(took), sum(1.0 * size * size), sum(size * took),"
                " sum(bytes_out) from (select fingerprint, size, finished_at - started_at as took, bytes_out from jobs"
                " where finished_at is not null and purged_at is null and state = 'done' and started_at is not null"
                " order by finished_at desc limit ?) as done where took >= 0 group by fingerprint",
                (_SAMPLES,),
            ).fetchall()
        return [read_row(WorkSample, row) for row in rows]

    def list_ended_work(self, scope: Scope) -> list[EndedWork]:
        """Return the jobs of a batch or group that ended lately, newest first; not those long before others."""
        condition, values = scope_sql(scope)
        with self._database.reading() as connection:
            rows = connection.execute(
                "select fingerprint, size, started_at, finished_at, state = 'done' from jobs where jobs.id in"  # noqa: S608  # ours
                " (select id from jobs where finished_at is not null and purged_at is null"
                f" order by finished_at desc limit ?) and {condition} and state in ('done', 'failed')"
                " and started_at is not null order by finished_at desc",
                (_SAMPLES, *values),
            ).fetchall()
        return [
            EndedWork(fingerprint=key, size=size, started_at=started, finished_at=finished, is_done=bool(is_done))
            for key, size, started, finished, is_done in rows
        ]

    def list_unfinished_batches(self) -> list[int]:
        """Return the batches that have jobs left to do, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select distinct batch_id from tallies where state in ('queued', 'running', 'waiting') and jobs > 0"
                " order by batch_id"
            ).fetchall()
        return [batch for (batch,) in rows]

    def list_batches(self, limit: int | None = None) -> list[int]:
        """Return the batches whose jobs are listed, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select distinct batch_id from tallies where jobs > 0 order by batch_id desc limit ?",
                (ALL if limit is None else limit,),
            ).fetchall()
        return [batch for (batch,) in rows]

    def summarize_batch(self, batch_id: int) -> BatchSummary:
        """Return what a batch is about, as some of its jobs tell it: a look costs the same with a million of them."""
        with self._database.reading() as connection:
            (added_at,) = connection.execute("select added_at from batches where id = ?", (batch_id,)).fetchone() or (
                0.0,
            )
            first, last = connection.execute(
                "select (select min(id) from jobs where batch_id = ?), (select max(id) from jobs where batch_id = ?)",
                (batch_id, batch_id),
            ).fetchone()
            step = max(1, ((last or 0) - (first or 0)) // _SOURCES)
            rows = [
                connection.execute(
                    "select source, folder, recipes.name from jobs join recipes on recipes.id = recipe_id"
                    " where batch_id = ? and jobs.id >= ? order by jobs.id limit 1",
                    (batch_id, place),
                ).fetchone()
                for place in [*range(first or 0, (last or 0) + 1, step), last]
                if first is not None
            ]
            names = connection.execute(
                "select distinct recipes.name from"
                " (select distinct recipe_id as used from jobs where batch_id = ?) as of_batch"
                " join recipes on recipes.id = used order by recipes.name",
                (batch_id,),
            ).fetchall()
            is_removed = self._is_removed(batch_id)
        sources = [decode_path(source) for source, _, _ in rows]
        return BatchSummary(
            batch_id=batch_id,
            added_at=added_at,
            source=sources[0] if len(set(sources)) == 1 else _common_folder(map(os.path.dirname, sources)),
            folder=_common_folder(decode_path(folder) for _, folder, _ in rows),
            recipe_names=tuple(name for (name,) in names),
            is_removed=is_removed,
        )

    def _is_removed(self, batch_id: int) -> bool:
        outputs = "select 1 from jobs join outputs on outputs.job_id = jobs.id where batch_id = ? and"
        with self._database.reading() as connection:
            (is_removed,) = connection.execute(
                f"select exists ({outputs} removed_at is not null)"
                f" and not exists ({outputs} published_version is not null)",
                (batch_id, batch_id),
            ).fetchone()
        return bool(is_removed)

    def total_waiting(self, batch_id: int | None = None) -> list[WaitingTotal]:
        """Return why jobs wait, of a batch or of all, the most frequent reason first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select error_kind, max(error_message), folder, count(*) as among, min(due_at) from jobs"  # noqa: S608  # ours
                f" where {UNFINISHED} and state = 'waiting' and error_kind is not null and due_at is not null"
                " and (cast(? as bigint) is null or batch_id = ?)"
                " group by error_kind, folder order by among desc, folder",
                (batch_id, batch_id),
            ).fetchall()
        return [
            WaitingTotal(kind=kind, message=message or "", folder=decode_path(folder), jobs=jobs, due_at=due_at)
            for kind, message, folder, jobs, due_at in rows
        ]

    def count_scheduled(self, now: float, batch_id: int | None = None) -> int:
        """Return how many jobs, of a batch or of all, are queued for a time after `now`."""
        with self._database.reading() as connection:
            (count,) = connection.execute(
                f"select count(*) from jobs where {UNFINISHED} and state = 'queued' and due_at > ?"  # noqa: S608  # ours
                " and (cast(? as bigint) is null or batch_id = ?)",
                (now, batch_id, batch_id),
            ).fetchone()
        return int(count)

    def list_recent_failures(self, limit: int, batch_id: int | None = None) -> list[tuple[int, str, Failure]]:
        """Return the jobs that failed last, newest first, with their sources; those long before others are left out."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select id, source, error_kind, error_message, error_hint from (select id, state, source, batch_id,"
                " error_kind, error_message, error_hint from jobs where finished_at is not null and purged_at is null"
                " order by finished_at desc limit ?) as ended where state = 'failed' and error_kind is not null"
                " and (cast(? as bigint) is null or batch_id = ?) limit ?",
                (_SAMPLES, batch_id, batch_id, limit),
            ).fetchall()
        return [
            (job, decode_path(source), Failure(read_error_kind(kind), message or "", hint or ""))
            for job, source, kind, message, hint in rows
        ]

    def total_notes(self, scope: Scope) -> list[NoteTotal]:
        """Return the notes on the done jobs of a batch or group, each with how many have it word by word."""
        condition, values = scope_sql(scope)
        with self._database.reading() as connection:
            rows = connection.execute(
                f"select note, count(*) as among, min(id) from jobs where {condition} and state = ? and note <> ''"  # noqa: S608  # ours
                " and purged_at is null group by note order by among desc, note",
                (*values, JobState.DONE),
            ).fetchall()
        return [NoteTotal(*row) for row in rows]

    def total_folders(self, scope: Scope) -> list[FolderTotal]:
        """Return the folders that the outputs of a batch or group are in."""
        condition, values = scope_sql(scope)
        outputs: Counter[str] = Counter()
        pictures: Counter[str] = Counter()
        with self._database.reading() as connection:
            for path, width in connection.execute(
                f"select path, width from jobs join outputs on outputs.job_id = jobs.id where {condition}"  # noqa: S608  # ours
                " and state = 'done' and purged_at is null and published_version is not null",
                values,
            ):
                folder = os.path.dirname(decode_path(path))
                outputs[folder] += 1
                pictures[folder] += bool(width)
        return [FolderTotal(folder, count, pictures[folder]) for folder, count in sorted(outputs.items())]


def _common_folder(folders: Iterable[str]) -> str:
    distinct = set(folders)
    try:
        return os.path.commonpath(distinct) if distinct else ""
    except ValueError:  # on several drives
        return min(distinct)

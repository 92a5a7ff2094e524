"""What retention asks and says about outputs: which are old, which it is about to remove, which it has removed."""

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from fileq.ledger.columns import decode_path, encode_path
from fileq.ledger.conditions import ENDED
from fileq.ledger.database import Database

_ENDED = f"select 1 from jobs where jobs.id = outputs.job_id and {ENDED}"  # noqa: S608  # ours
_FREE = (
    "published_version is not null and temp_path is null and pending_version is null"
    " and not exists (select 1 from jobs where jobs.source = outputs.path)"
)
"""Nobody is making it anew, and it is no source."""


class RemovableOutput(msgspec.Struct, frozen=True, kw_only=True):
    """A file that fileq published, as it was then. `number` orders outputs of the same moment."""

    row_id: int
    path: str
    job_id: int
    recipe_id: int
    source: str
    version: str
    inode: int
    bytes: int
    published_at: float
    vanished: bool


class InterruptedRemoval(msgspec.Struct, frozen=True, kw_only=True):
    """An output that was being removed when the process ended; `hidden` is its name meanwhile.

    `version` is None where it was written down as removed already.
    """

    path: str
    hidden_path: str
    version: str | None
    bytes: int


class CleaningRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What one cleaning has done up to now."""

    outputs: int
    bytes: int
    kept_changed: int
    jobs: int


class Retention:
    def __init__(self, database: Database) -> None:
        self._database = database

    def list_recipes(self) -> dict[int, str]:
        """Return all recipes that jobs went through, by their ids, each as JSON."""
        with self._database.reading() as connection:
            return dict(connection.execute("select id, recipe_json from recipes").fetchall())

    def find_removable_outputs(
        self, recipe_ids: Collection[int], until: float, after: tuple[float, int] | None, limit: int
    ) -> list[RemovableOutput]:
        """Return outputs of these recipes that may be removed, published up to `until`, the oldest first.

        `after` is the moment and number of the last one that was answered before.
        """
        places = ", ".join("?" * len(recipe_ids))
        with self._database.reading() as connection:
            rows = connection.execute(
                "select outputs.rowid, path, job_id, recipe_id, source, published_version,"  # noqa: S608  # ours
                " outputs.inode, bytes, published_at,"
                " vanished_at is not null from outputs join jobs on jobs.id = outputs.job_id"
                f" where {_FREE} and {ENDED} and recipe_id in ({places})"
                " and published_at <= ? and (published_at, outputs.rowid) > (?, ?)"
                " order by published_at, outputs.rowid limit ?",
                (*recipe_ids, until, *(after or (-1.0, -1)), limit),
            ).fetchall()
        return [_output(row) for row in rows]

    def list_removable_of_batch(self, batch_id: int) -> list[RemovableOutput]:
        """Return the outputs of a batch that may be removed."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select outputs.rowid, path, job_id, recipe_id, source, published_version,"  # noqa: S608  # ours
                " outputs.inode, bytes, published_at, vanished_at is not null"
                " from jobs join outputs on outputs.job_id = jobs.id"
                f" where jobs.batch_id = ? and {_FREE} and {ENDED} order by path",
                (batch_id,),
            ).fetchall()
        return [_output(row) for row in rows]

    def count_remade(self, batch_id: int) -> dict[int, int]:
        """Return how many jobs of a batch have no outputs any more as later batches have made them anew, by these.

        Those that have replaced other files are left out.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                "select newer.batch_id, count(distinct jobs.id) from jobs join recipes on recipes.id = jobs.recipe_id"
                " join jobs as newer on newer.source = jobs.source and newer.folder = jobs.folder"
                " join recipes as same on same.id = newer.recipe_id and same.name = recipes.name"
                " where jobs.batch_id = :batch and jobs.outputs > 0 and newer.id > jobs.id and newer.batch_id > :batch"
                " and not exists (select 1 from outputs where job_id = jobs.id)"
                " and not exists (select 1 from replaced_files where job_id = jobs.id)"
                " and exists (select 1 from outputs where job_id = newer.id and published_version is not null)"
                " group by newer.batch_id",
                {"batch": batch_id},
            ).fetchall()
        return dict(rows)

    def total_output_bytes(self, recipe_ids: Collection[int]) -> int:
        """Return the bytes of all published outputs of these recipes."""
        with self._database.reading() as connection:
            (total,) = connection.execute(
                "select coalesce(sum(bytes), 0) from outputs join jobs on jobs.id = outputs.job_id"  # noqa: S608  # ours
                " where published_version is not null and vanished_at is null"
                f" and recipe_id in ({', '.join('?' * len(recipe_ids))})",
                tuple(recipe_ids),
            ).fetchone()
        return int(total)

    def announce_removals(self, outputs: Iterable[tuple[RemovableOutput, str]]) -> None:
        """Write down that these are about to be removed, each with its hidden path: part of a durable transaction."""
        with self._database.transaction() as connection:
            connection.executemany(
                "update outputs set hidden_path = ? where path = ? and job_id = ? and"  # noqa: S608  # ours
                f" published_version = ? and {_FREE}"
                f" and exists ({_ENDED})",
                [(encode_path(hidden), encode_path(one.path), one.job_id, one.version) for one, hidden in outputs],
            )

    def is_removable(self, output: RemovableOutput, hidden: str) -> bool:
        """Return whether an output may be removed still: nobody has begun to make it anew since."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"select 1 from outputs where path = ? and published_version = ? and hidden_path = ? and {_FREE}"  # noqa: S608  # ours
                f" and exists ({_ENDED})",
                (encode_path(output.path), output.version, encode_path(hidden)),
            ).fetchone()
        return row is not None

    def record_removed(self, path: str, hidden: str, now: float) -> None:
        """Record that an output has its hidden name now, and nothing but that is left of it."""
        with self._database.transaction() as connection:
            connection.execute(
                "update outputs set published_version = null, removed_at = ?, vanished_at = null"
                " where path = ? and hidden_path = ? and temp_path is null",
                (now, encode_path(path), encode_path(hidden)),
            )

    def record_kept(self, path: str, hidden: str, version: str) -> None:
        """Record that an output has its own name again, or still, in this version."""
        with self._database.transaction() as connection:
            connection.execute(
                "update outputs set published_version = ?, removed_at = null where path = ? and hidden_path"
                " = ? and published_version is null"
                " and temp_path is null",
                (version, encode_path(path), encode_path(hidden)),
            )

    def clear_hidden_paths(self, removals: Iterable[tuple[str, str]]) -> None:
        """Record that nothing stands under these hidden paths any more, each given after its output's path."""
        with self._database.transaction() as connection:
            connection.executemany(
                "update outputs set hidden_path = null where path = ? and hidden_path = ?",
                [(encode_path(path), encode_path(hidden)) for path, hidden in removals],
            )

    def find_interrupted_removals(self) -> list[InterruptedRemoval]:
        """Return the outputs that were being removed when the process that did it ended."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path, hidden_path, published_version, coalesce(bytes, 0) from outputs"
                " where hidden_path is not null"
            ).fetchall()
        return [
            InterruptedRemoval(path=decode_path(path), hidden_path=decode_path(hidden), version=version, bytes=size)
            for path, hidden, version, size in rows
        ]

    def upsert_cleaning(self, cleaning: int | None, gone: CleaningRecord, now: float) -> int:
        """Write down what a cleaning has done up to now: under its id, or as a new one. Return its id."""
        with self._database.transaction() as connection:
            (number,) = connection.execute(
                "insert into cleanings (id, cleaned_at, outputs, bytes, kept_changed, jobs)"
                " values (coalesce(?, (select coalesce(max(id), 0) + 1 from cleanings)), ?, ?, ?, ?, ?)"
                " on conflict (id) do update set outputs = excluded.outputs, bytes = excluded.bytes,"
                " kept_changed = excluded.kept_changed, jobs = excluded.jobs returning id",
                (cleaning, now, gone.outputs, gone.bytes, gone.kept_changed, gone.jobs),
            ).fetchone()
        return int(number)

    def find_cleaner(self) -> str | None:
        """Return who cleans just now, as it was written down; None where nobody does."""
        with self._database.reading() as connection:
            row = connection.execute("select value from meta where key = 'cleaning'").fetchone()
        return row and str(row[0])

    def begin_cleaning(self, cleaner: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "insert into meta values ('cleaning', ?) on conflict (key) do update set value = excluded.value",
                (cleaner,),
            )

    def end_cleaning(self, cleaner: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("delete from meta where key = 'cleaning' and value = ?", (cleaner,))


def _output(row: Any) -> RemovableOutput:
    number, path, job, recipe, source, version, inode, size, published_at, vanished = row
    return RemovableOutput(
        row_id=number,
        path=decode_path(path),
        job_id=job,
        recipe_id=recipe,
        source=decode_path(source),
        version=version,
        inode=inode,
        bytes=size,
        published_at=published_at,
        vanished=bool(vanished),
    )

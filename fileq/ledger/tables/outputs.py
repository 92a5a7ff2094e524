"""Which job a path belongs to, which file fileq published there, and temp files that are left over."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fileq.job import JobState, OutputInfo
from fileq.ledger.columns import decode_column, decode_path, encode_path, encode_text
from fileq.ledger.database import Database
from fileq.roots import is_here, this_hosts_roots


class PathOwner(msgspec.Struct, frozen=True, kw_only=True):
    """The job that a path belongs to. `versions` are those that its own file there can have."""

    job_id: int
    source: str
    recipe_name: str
    state: JobState
    versions: frozenset[str]


class PublishedFile(msgspec.Struct, frozen=True):
    """A file under its final name."""

    info: OutputInfo
    version: str
    inode: int


class _Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is just being published, but its path and version, which have columns of their own."""

    inode: int
    format: str
    width: int
    height: int
    bytes: int
    note: str
    replaces: str | None


class Outputs:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find_owner(self, path: str) -> PathOwner | None:
        """Return the job that a path belongs to; None where it is nobody's."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select jobs.id, source, recipes.name, state, pending_version, published_version"
                " from outputs join jobs on jobs.id = outputs.job_id join recipes on recipes.id = jobs.recipe_id"
                # Where retention has removed a file, the path is nobody's until somebody reserves it.
                " where path = ? and (removed_at is null or temp_path is not null)",
                (encode_path(path),),
            ).fetchone()
        if row is None:
            return None
        job_id, source, recipe_name, state, pending_version, published_version = row
        return PathOwner(
            job_id=job_id,
            source=decode_path(source),
            recipe_name=recipe_name,
            state=JobState(state),
            versions=frozenset({pending_version, published_version} - {None}),
        )

    def find_later_maker(self, job_id: int, inode: int, version: str) -> int | None:
        """Return the job that made this file of the same source as `job_id` is about, and was asked for after it.

        None where there is none, or the file took the place of its source.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                "select maker.id from outputs join jobs as maker on maker.id = outputs.job_id"
                " join jobs as own on own.id = ? where outputs.inode = ? and published_version = ?"
                " and maker.source = own.source and maker.source <> outputs.path"
                # Numbers of batches grow, whatever the clock does.
                " and (maker.batch_id, maker.id) > (own.batch_id, own.id) limit 1",
                (job_id, inode, version),
            ).fetchone()
        return row and int(row[0])

    def is_published(self, path: str) -> bool:
        """Return whether fileq published a file there that nobody has removed."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select 1 from outputs where path = ? and published_version is not null", (encode_path(path),)
            ).fetchone()
        return row is not None

    def is_source(self, path: str) -> bool:
        """Return whether some job has this path as its source."""
        with self._database.reading() as connection:
            row = connection.execute("select 1 from jobs where source = ? limit 1", (encode_path(path),)).fetchone()
        return row is not None

    def reserve_path(self, path: str, job_id: int, temp: str, *, existing_version: str | None = None) -> None:
        """Give a path to a job, whose file comes into being at `temp`.

        `existing_version` is that of the file that stands there: where that is one that an attempt had announced when
        it was cut off, it counts as published from now on, as the next announcement takes its place.
        """
        with self._database.transaction() as connection:
            cut_off = connection.execute(
                "select pending_json from outputs where path = ? and pending_version = ?",
                (encode_path(path), existing_version),
            ).fetchone()
            pending = decode_column(cut_off[0], _Pending) if cut_off is not None else None
            if pending is not None:
                connection.execute(
                    "update outputs set published_version = pending_version, inode = ? where path = ?",
                    (pending.inode, encode_path(path)),
                )
            connection.execute(
                "insert into outputs (path, job_id, temp_path) values (?, ?, ?)"
                " on conflict (path) do update set job_id = excluded.job_id, temp_path = excluded.temp_path,"
                " pending_version = null, pending_json = null,"
                " removed_at = case when outputs.job_id = excluded.job_id then outputs.removed_at end",
                (encode_path(path), job_id, encode_path(temp)),
            )

    def announce_output(self, job_id: int, output: PublishedFile, note: str, *, replaces: str | None = None) -> bool:
        """Write down that a file is about to get its final name: after a crash it is known by that, and all about it.

        Returns False where the path is no longer this job's. `note` is what is to be said on the job, `replaces` the
        version of the file that goes.
        """
        info = output.info
        pending = _Pending(
            inode=output.inode, format=info.format, width=info.width, height=info.height, bytes=info.bytes,
            note=encode_text(note), replaces=replaces,
        )  # fmt: skip
        with self._database.transaction() as connection:
            return bool(
                connection.execute(
                    "update outputs set pending_version = ?, pending_json = ? where path = ? and job_id = ?",
                    (output.version, msgspec.json.encode(pending).decode(), encode_path(info.path), job_id),
                ).rowcount
            )

    def find_announced_outputs(
        self, job_id: int, *, by_ended_attempt: bool = False
    ) -> tuple[list[PublishedFile], str] | None:
        """Return what an unfinished attempt has announced, and its note; None where it has not announced all.

        `by_ended_attempt`: of one that has ended, and not with its outputs published, as far as it knew.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path, pending_version, pending_json from outputs where job_id = ?"
                " and case when ? then temp_path is null and pending_json is not null else temp_path is not null end",
                (job_id, by_ended_attempt),
            ).fetchall()
        pending = [decode_column(pending_json, _Pending) for _, _, pending_json in rows]
        found = [one for one in pending if one is not None]
        if not rows or len(found) < len(rows) or any(version is None for _, version, _ in rows):
            return None
        outputs = [
            PublishedFile(
                OutputInfo(
                    path=decode_path(path), format=one.format, width=one.width, height=one.height, bytes=one.bytes
                ),
                version,
                one.inode,
            )
            for (path, version, _), one in zip(rows, found, strict=True)
        ]
        return outputs, found[0].note

    def find_displaced(self, job_id: int) -> list[tuple[str, str, int, str | None]]:
        """Return the paths of an unfinished attempt whose temp files may have swapped names with what stood there.

        Each with its temp path, the inode of the new file, and the version that the old one may have.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path, temp_path, pending_json from outputs"
                " where job_id = ? and temp_path is not null and pending_json is not null",
                (job_id,),
            ).fetchall()
        found = [(path, temp, decode_column(pending_json, _Pending)) for path, temp, pending_json in rows]
        return [
            (decode_path(path), decode_path(temp), one.inode, one.replaces)
            for path, temp, one in found
            if one is not None and one.replaces is not None
        ]

    def record_published(self, outputs: Mapping[int, Sequence[PublishedFile]], now: float) -> None:
        """Record that files have their final names, by the job whose attempt has made them."""
        with self._database.transaction() as connection:
            connection.executemany(
                "update outputs set temp_path = null, pending_version = null, pending_json = null,"
                " published_version = ?, inode = ?,"
                " bytes = ?, format = ?, width = ?, height = ?, published_at = ?, removed_at = null, vanished_at = null"
                " where path = ? and job_id = ?",
                [
                    (output.version, output.inode, output.info.bytes, output.info.format, output.info.width,
                     output.info.height, now, encode_path(output.info.path), job_id)
                    for job_id, published in outputs.items()
                    for output in published
                ],
            )  # fmt: skip

    def find_reserved_paths(self, job_id: int) -> list[tuple[str, str]]:
        """Return the paths that an unfinished attempt at a job has reserved, each with its temp file."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path, temp_path from outputs where job_id = ? and temp_path is not null", (job_id,)
            ).fetchall()
        return [(decode_path(path), decode_path(temp)) for path, temp in rows]

    def find_abandoned_paths(self) -> list[tuple[str, str]]:
        """Return reserved paths of this host, each with its temp file, of jobs that nobody does any more."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path, temp_path from outputs join jobs on jobs.id = outputs.job_id"
                " where temp_path is not null and state <> 'running'"
            ).fetchall()
        found = ((decode_path(path), decode_path(temp)) for path, temp in rows)
        return [(path, temp) for path, temp in found if is_here(path)]

    def find_jobs_with_abandoned_paths(self) -> list[int]:
        """Return the ids of jobs that nobody does any more, and that have temp files still which this host can see."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select distinct job_id, roots from outputs join jobs on jobs.id = outputs.job_id"
                " where temp_path is not null and state <> 'running'"
            )
            return [job_id for job_id, roots in rows if this_hosts_roots().has_all(roots)]

    def release_paths(self, reserved: Iterable[tuple[str, str]]) -> None:
        """Free those of an ended attempt's paths, each given with its temp file, under which nothing was published."""
        with self._database.transaction() as connection:
            for path, temp in reserved:
                names = (encode_path(path), encode_path(temp))
                connection.execute(
                    "delete from outputs where path = ? and temp_path = ? and published_version is null"
                    " and pending_version is null"
                    " and hidden_path is null and removed_at is null",
                    names,
                )
                connection.execute("update outputs set temp_path = null where path = ? and temp_path = ?", names)


class LeftoverTemps:
    """Temp files that could not be removed when their attempt ended: they are known until they are gone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert_temps(self, paths: Iterable[str], now: float) -> None:
        """Remember these temp files; those that are known stay known since when they were."""
        with self._database.transaction() as connection:
            connection.executemany(
                "insert into leftover_temps values (?, ?) on conflict do nothing",
                [(encode_path(path), now) for path in paths],
            )

    def delete_temps(self, paths: Iterable[str]) -> None:
        """Delete the records of these temp files."""
        with self._database.transaction() as connection:
            connection.executemany(
                "delete from leftover_temps where path = ?", [(encode_path(path),) for path in paths]
            )

    def list_temps(self) -> dict[str, float]:
        """Return the paths of this host, each with when it was found, in seconds since the epoch."""
        with self._database.reading() as connection:
            rows = connection.execute("select path, found_at from leftover_temps").fetchall()
        found = ((decode_path(path), found_at) for path, found_at in rows)
        return {path: found_at for path, found_at in found if is_here(path)}

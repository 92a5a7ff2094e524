"""What the ledger knows of a file that has come: the jobs about it, and the recipes that made it."""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from fileq.errors import ErrorKind
from fileq.job import JobState
from fileq.ledger.columns import decode_path, encode_name, encode_path, read_error_kind
from fileq.ledger.conditions import LEAVING
from fileq.ledger.database import Database, select_among
from fileq.ledger.tables.jobs import refresh_roots

_SELECT = f"select id, source, version, fingerprint, folder, state, error_kind, {LEAVING}, size, digest from jobs"  # noqa: S608  # ours
_SELECT_VERSION = f"{_SELECT} where source = ? and version = ?"
_SELECT_KEYS = "select id, source, version, fingerprint, folder, state, error_kind from jobs where source in"
_SELECT_OUTPUT_PATHS = "select path from outputs where path in"
_SELECT_OUTPUT_INODES = "select inode from outputs where inode in"
_SELECT_OUTPUT = "select 1 from outputs where path = ? union all select 1 from outputs where inode = ? limit 1"
_STATES = {str(state): state for state in JobState}


_SELECT_MAKER = (
    "select recipes.name, recipes.fingerprint, jobs.source, jobs.id, outputs.path = jobs.source from outputs"
    " join jobs on jobs.id = outputs.job_id join recipes on recipes.id = jobs.recipe_id"
)

_VANISHED_KINDS = frozenset({ErrorKind.MISSING, ErrorKind.CHANGED})
"""A job that a person cancelled while it waited has the kind for which it waited: never one of these."""


class PriorJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job about a file that has come again, or under another name.

    `is_disposition_pending` says that somebody sees to it already that its source goes. `digest` is the SHA-256 of the
    source's content, where it came by a watched folder and was read.
    """

    job_id: int
    source: str
    version: str
    fingerprint: str
    folder: str
    state: JobState
    error_kind: ErrorKind | None
    is_disposition_pending: bool
    size: int
    digest: str | None

    @property
    def has_vanished(self) -> bool:
        """Return whether the job ended because its source was gone, or another file, and not by a person."""
        return _has_vanished(self.state, self.error_kind)


class JobKey(NamedTuple):
    """What tells jobs apart: another version of the source, another recipe or another folder is another job."""

    source: str
    version: str
    fingerprint: str
    folder: str


class KnownJob(msgspec.Struct, frozen=True, gc=False):
    """A job that there is. `has_vanished`: it ended as its source was gone, or another file, and not by a person."""

    job_id: int
    state: JobState
    has_vanished: bool = False


class RecipeTrace(NamedTuple):
    """A recipe that made a file, of which source, and whether it put that in the place of this."""

    recipe_name: str
    fingerprint: str
    source: str
    in_place: bool


class PriorJobs:
    """What was done before of a file: by its path, its version and its inode. Each method raises LedgerError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_by_batch(self, job_ids: Iterable[int]) -> dict[int, int]:
        """Return the batches of these jobs, oldest first, each with how many of them are in it."""
        with self._database.reading() as connection:
            return dict(
                connection.execute(
                    "select batch_id, count(*) from jobs where id in (select cast(value as bigint) from json_each(?))"
                    " group by batch_id order by batch_id",
                    (json.dumps(list(job_ids)),),
                ).fetchall()
            )

    def find_jobs_of_files(self, files: Iterable[tuple[str, str]]) -> list[list[PriorJob]]:
        """Return, for each file, the jobs about it. `files` are their paths and versions."""
        with self._database.reading() as connection:
            return [
                [_prior_job(row) for row in connection.execute(_SELECT_VERSION, (encode_path(source), version))]
                for source, version in files
            ]

    def find_known_jobs(self, sources: Collection[str]) -> dict[JobKey, KnownJob]:
        """Return all jobs about any version of these sources, purged ones too."""
        known: dict[JobKey, KnownJob] = {}
        with self._database.reading() as connection:
            for row in select_among(connection, _SELECT_KEYS, [encode_path(source) for source in sources]):
                job_id, source, version, fingerprint, folder, state, error_kind = row
                key = JobKey(decode_path(source), version, fingerprint, decode_path(folder))
                known[key] = KnownJob(job_id, _STATES[state], _has_vanished(state, error_kind))
        return known

    def find_possible_outputs(self, files: Collection[tuple[str, int]]) -> set[str]:
        """Return which of these files, by path and inode, `trace_recipes` may have something to say of."""
        inodes: dict[int, list[str]] = {}
        for path, inode in files:
            inodes.setdefault(inode, []).append(path)
        with self._database.reading() as connection:
            if len(files) == 1:
                ((path, inode),) = files
                row = connection.execute(_SELECT_OUTPUT, (encode_path(path), inode)).fetchone()
                return set() if row is None else {path}
            paths = select_among(connection, _SELECT_OUTPUT_PATHS, [encode_path(path) for path, _ in files])
            found = {decode_path(path) for (path,) in paths}
            for (inode,) in select_among(connection, _SELECT_OUTPUT_INODES, list(inodes)):
                found.update(inodes[inode])
        return found

    def list_jobs_of_source(self, source: str) -> list[PriorJob]:
        """Return all jobs about a source, the newest first."""
        return self._select_jobs("where source = ? order by added_at desc, id desc", encode_path(source))

    def find_jobs_of_inode(self, source: str, inode: int, version: str) -> list[PriorJob]:
        """Return the jobs about this very file under other names than `source`."""
        return self._select_jobs("where inode = ? and version = ? and source <> ?", inode, version, encode_path(source))

    def _select_jobs(self, condition: str, *values: object) -> list[PriorJob]:
        with self._database.reading() as connection:
            return [_prior_job(row) for row in connection.execute(f"{_SELECT} {condition}", values)]

    def trace_recipes(self, path: str, inode: int, version: str, *, overwritten: bool = False) -> list[RecipeTrace]:
        """Return the recipes that led to this file, the last one first; [] where it isn't fileq's.

        A file that fileq published is known by its path and version, and wherever it stands by its inode and version.
        With `overwritten`, what stands at the path of an output is taken for it in any version.
        """
        traced: list[RecipeTrace] = []
        with self._database.reading() as connection:
            row = connection.execute(
                f"{_SELECT_MAKER} where path = ? and (published_version = ?"
                " or pending_version = ? or ? and coalesce(published_version, pending_version) is not null)"
                f" union all {_SELECT_MAKER} where outputs.inode = ? and published_version = ? limit 1",
                (encode_path(path), version, version, overwritten, inode, version),
            ).fetchone()
            seen: set[int] = set()
            while row is not None and row[3] not in seen:
                recipe_name, fingerprint, source, job_id, in_place = row
                traced.append(RecipeTrace(recipe_name, fingerprint, decode_path(source), bool(in_place)))
                seen.add(job_id)
                row = connection.execute(
                    f"{_SELECT_MAKER} where path = ? and published_version is not null", (source,)
                ).fetchone()
        return traced

    def record_touched(self, job_id: int, version: str, mtime_ns: int) -> None:
        """Record that a job's source has another time now, and the same content: it is the version that was done."""
        with self._database.transaction() as connection:
            connection.execute("update jobs set version = ?, mtime_ns = ? where id = ?", (version, mtime_ns, job_id))

    def record_renamed(self, job_id: int, source: str, relative: str, folder: str) -> None:
        """Record that a job's source has another name now; what it made stays where it is."""
        with self._database.transaction() as connection:
            connection.execute(
                "update jobs set source = ?, relative = ?, folder = ? where id = ?",
                (encode_path(source), encode_name(relative), encode_path(folder), job_id),
            )
            refresh_roots(connection, [job_id])

    def record_digest(self, job_id: int, digest: str) -> None:
        """Record the SHA-256 of the content that a job about a watched source has read, in hex digits."""
        with self._database.transaction() as connection:
            connection.execute("update jobs set digest = ? where id = ?", (digest, job_id))

    def cancel_unstarted_job(self, job_id: int, now: float) -> bool:
        """Cancel a job whose source has another name now. Return whether it had not begun, and was cancelled."""
        with self._database.transaction() as connection:
            return bool(
                connection.execute(
                    "update jobs set state = 'cancelled', finished_at = ?, due_at = null, error_kind = ?,"
                    " error_message = ?, error_hint = ? where id = ? and state in ('queued', 'waiting')",
                    (now, ErrorKind.MISSING, "The source was renamed.", "Its new name was queued.", job_id),
                ).rowcount
            )


def _has_vanished(state: str, error_kind: str | None) -> bool:
    return state == JobState.SUPERSEDED or (state == JobState.CANCELLED and error_kind in _VANISHED_KINDS)


def _prior_job(row: Sequence[Any]) -> PriorJob:
    job_id, source, version, fingerprint, folder, state, error_kind, is_pending, size, digest = row
    return PriorJob(
        job_id=job_id,
        source=decode_path(source),
        version=version,
        fingerprint=fingerprint,
        folder=decode_path(folder),
        state=JobState(state),
        error_kind=error_kind and read_error_kind(error_kind),
        is_disposition_pending=bool(is_pending),
        size=size,
        digest=digest,
    )

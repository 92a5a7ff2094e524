"""What the ledger knows of a file that came into a watched folder."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from fileq.errors import ErrorKind
from fileq.job import JobState
from fileq.ledger.database import LEAVING, Database
from fileq.ledger.paths import restored, stored

_KNOWN = f"select id, source, version, fingerprint, folder, state, error_kind, {LEAVING}, size, digest from jobs"  # noqa: S608  # ours


_OF_VERSION = f"{_KNOWN} where source = ? and version = ?"


_VANISHED_KINDS = frozenset({ErrorKind.MISSING, ErrorKind.CHANGED})
"""A job that a person cancelled while it waited has the kind for which it waited: never one of these."""


class PriorJob(msgspec.Struct, frozen=True):
    """A job about a file that has come again, or under another name."""

    job: int
    source: str
    version: str
    fingerprint: str
    folder: str
    state: JobState
    kind: ErrorKind | None
    is_leaving: bool
    """Whether somebody sees to it already that its source goes."""
    size: int
    digest: str | None

    @property
    def vanished(self) -> bool:
        """Whether it was cancelled because its source was gone, and not by a person."""
        return self.state is JobState.CANCELLED and self.kind in _VANISHED_KINDS


class PriorJobs:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find_jobs_of_files(self, files: Iterable[tuple[str, str]]) -> list[list[PriorJob]]:
        """Of each file, by its path and version, the jobs about it."""
        with self._database.reading() as connection:
            return [
                [_known(row) for row in connection.execute(_OF_VERSION, (stored(source), version))]
                for source, version in files
            ]

    def list_jobs_of_source(self, source: str) -> list[PriorJob]:
        """All jobs about a source, the newest first."""
        return self._known("where source = ? order by added_at desc, id desc", stored(source))

    def find_jobs_of_inode(self, source: str, inode: int, version: str) -> list[PriorJob]:
        """The jobs about this very file under other names."""
        return self._known("where inode = ? and version = ? and source <> ?", inode, version, stored(source))

    def _known(self, condition: str, *values: object) -> list[PriorJob]:
        with self._database.reading() as connection:
            return [_known(row) for row in connection.execute(f"{_KNOWN} {condition}", values)]

    def trace_recipes(self, path: str, inode: int, version: str, *, overwritten: bool = False) -> list[str]:
        """Return the names of the recipes that led to this file, the last one first; [] where it isn't fileq's.

        A file that fileq published is known by its path and version, and wherever it stands by its inode and version.
        With `overwritten`, what stands at the path of an output is taken for it in any version.
        """
        makers: list[str] = []
        with self._database.reading() as connection:
            row = connection.execute(
                "select recipes.name, jobs.source, jobs.id from outputs join jobs on jobs.id = outputs.job_id"
                " join recipes on recipes.id = jobs.recipe_id where path = ? and (published_version = ?"
                " or pending_version = ? or ? and coalesce(published_version, pending_version) is not null)"
                " union all "
                "select recipes.name, jobs.source, jobs.id from outputs join jobs on jobs.id = outputs.job_id"
                " join recipes on recipes.id = jobs.recipe_id"
                " where outputs.inode = ? and published_version = ? limit 1",
                (stored(path), version, version, overwritten, inode, version),
            ).fetchone()
            seen: set[int] = set()
            while row is not None and row[2] not in seen:
                makers.append(row[0])
                seen.add(row[2])
                row = connection.execute(
                    "select recipes.name, jobs.source, jobs.id from outputs join jobs on jobs.id = outputs.job_id"
                    " join recipes on recipes.id = jobs.recipe_id where path = ? and published_version is not null",
                    (row[1],),
                ).fetchone()
        return makers

    def record_touched(self, job: int, version: str, mtime_ns: int) -> None:
        """A job's source has another time now, and the same content: it is the version that was done."""
        with self._database.transaction() as connection:
            connection.execute("update jobs set version = ?, mtime_ns = ? where id = ?", (version, mtime_ns, job))

    def record_renamed(self, job: int, source: str, relative: str, folder: str) -> None:
        """A job's source has another name now; what it made stays where it is."""
        with self._database.transaction() as connection:
            connection.execute(
                "update jobs set source = ?, relative = ?, folder = ? where id = ?",
                (stored(source), stored(relative), stored(folder), job),
            )

    def record_digest(self, job: int, digest: str) -> None:
        """The content that a job about a watched source has read."""
        with self._database.transaction() as connection:
            connection.execute("update jobs set digest = ? where id = ?", (digest, job))

    def cancel_unstarted_job(self, job: int, now: float) -> bool:
        """Cancel a job that has not begun: its source has another name now. False where it has."""
        with self._database.transaction() as connection:
            return bool(
                connection.execute(
                    "update jobs set state = 'cancelled', finished_at = ?, due_at = null, error_kind = ?,"
                    " error_message = ?, error_hint = ? where id = ? and state in ('queued', 'waiting')",
                    (now, ErrorKind.MISSING, "The source was renamed.", "Its new name was queued.", job),
                ).rowcount
            )


def _known(row: Sequence[Any]) -> PriorJob:
    job, source, version, fingerprint, folder, state, kind, is_leaving, size, digest = row
    return PriorJob(
        job, restored(source), version, fingerprint, restored(folder), JobState(state), kind and ErrorKind(kind),
        bool(is_leaving), size, digest,
    )  # fmt: skip

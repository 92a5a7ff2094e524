"""Where the source of a job is now, and in which version: it may be another one when the job is tried again."""

import os
from collections.abc import Iterable

import msgspec

from fileq.job import JobState
from fileq.ledger.columns import decode_path, encode_path
from fileq.ledger.database import Database
from fileq.ledger.tables.jobs import refresh_roots


class RetryCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A job that has failed or was cancelled. `moved_to` is where a watched folder has put its source, if it has."""

    job_id: int
    batch_id: int
    recipe_id: int
    priority: int
    source: str
    moved_to: str | None
    version: str
    key: str | None


class FoundSource(msgspec.Struct, frozen=True, kw_only=True):
    """The source of a job as it was found: its path, and what tells this version of it from others."""

    path: str
    version: str
    size: int
    mtime_ns: int
    inode: int


class JobSources:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find_retry_candidates(self, job_ids: Iterable[int]) -> list[RetryCandidate]:
        """Return those of these jobs that can be tried again, with where their sources are thought to be."""
        with self._database.reading() as connection:
            rows = [
                connection.execute(
                    "select id, batch_id, recipe_id, priority, source, moved_to, version, key from jobs"
                    " where id = ? and state in ('failed', 'cancelled') and purged_at is null",
                    (job_id,),
                ).fetchone()
                for job_id in job_ids
            ]
        return [
            RetryCandidate(
                job_id=job_id, batch_id=batch_id, recipe_id=recipe_id, priority=priority, source=decode_path(source),
                moved_to=None if moved_to is None else decode_path(moved_to), version=version, key=key,
            )
            for job_id, batch_id, recipe_id, priority, source, moved_to, version, key in filter(None, rows)
        ]  # fmt: skip

    def find_place(self, source: str) -> str | None:
        """Return where a watched folder has put the newest file of this path, as far as it has put one anywhere."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select moved_to from jobs where source = ? and moved_to is not null order by batch_id desc limit 1",
                (encode_path(source),),
            ).fetchone()
        return row and decode_path(row[0])

    def find_job_of_version(self, job_id: int, version: str) -> tuple[int, JobState] | None:
        """Return the job about another version of a job's source, through the same recipe into the same folder."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select other.id, other.state from jobs join jobs as other on other.source = jobs.source"
                " and other.fingerprint = jobs.fingerprint and other.folder = jobs.folder"
                " where jobs.id = ? and other.version = ? and other.id <> jobs.id",
                (job_id, version),
            ).fetchone()
        return row and (int(row[0]), JobState(row[1]))

    def record_found(self, candidate: RetryCandidate, found: FoundSource) -> None:
        """Record which version of its source a job is to read, and where: its disposition is about that one too."""
        is_back = candidate.moved_to is not None and found.path == candidate.source
        with self._database.transaction() as connection:
            connection.execute(
                "update jobs set version = ?, size = ?, mtime_ns = ?, digest = null, moved_to = ?,"
                " inode = case when inode is null then null else ? end"
                " where id = ? and state in ('failed', 'cancelled')",
                (
                    found.version, found.size, found.mtime_ns,
                    None if found.path == candidate.source else encode_path(found.path), found.inode, candidate.job_id,
                ),
            )  # fmt: skip
            refresh_roots(connection, [candidate.job_id])
            connection.execute(
                "update dispositions set source = :source, version = :version, inode = :inode, target_path = null,"
                # Once more to where it was put when it had failed.
                " failed_to = case when :is_back then :failed_to else failed_to end"
                " where id = (select disposition_id from jobs where id = :job) and holder_json is null"
                " and not exists (select 1 from dispositions as other where other.source = :source"
                " and other.version = :version and other.id <> dispositions.id)",
                {
                    "source": encode_path(found.path), "version": found.version, "inode": found.inode,
                    "is_back": is_back, "failed_to": encode_path(os.path.dirname(candidate.moved_to or "")),
                    "job": candidate.job_id,
                },
            )  # fmt: skip

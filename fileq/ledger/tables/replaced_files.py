"""The files that outputs took the place of, and that fileq had not made: each is kept, so that it can be put back."""

import msgspec

from fileq.ledger.columns import decode_path, encode_path
from fileq.ledger.database import Database
from fileq.ledger.tables.outputs import PublishedFile


class ReplacedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that stood at `path`, and what took its place there. Under `kept_path` there may be nothing.

    `output_versions` are the inode and version of the output, as it was published and as the job made it since.
    """

    row_id: int
    path: str
    job_id: int
    kept_path: str
    output_versions: frozenset[tuple[int, str]]
    is_put_back: bool
    """Whether that is written down, and only what was left of it is to be cleared away."""


class ReplacedFiles:
    def __init__(self, database: Database) -> None:
        self._database = database

    def insert_file(self, job_id: int, kept_path: str, output: PublishedFile, now: float) -> None:
        """Write down that an output is about to take a file's place: part of the transaction that announces it."""
        with self._database.transaction() as connection:
            connection.execute(
                "insert into replaced_files (path, job_id, kept_path, output_inode, output_version, replaced_at)"
                " values (?, ?, ?, ?, ?, ?)",
                (encode_path(output.info.path), job_id, encode_path(kept_path), output.inode, output.version, now),
            )

    def list_of_batch(self, batch_id: int) -> list[ReplacedFile]:
        """Return what the outputs of a batch took the place of, the latest first."""
        return self._list("jobs.batch_id = ?", batch_id)

    def follow_replacements(self, replaced: ReplacedFile) -> ReplacedFile:
        """Return what was replaced, with the output that has its place now, where a later job has replaced its source.

        That source was an output, of which nothing was kept: the original alone can come back there.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                "select job_id, outputs.inode, published_version from outputs join jobs on jobs.id = outputs.job_id"
                " where path = ? and path = source and published_version is not null and job_id > ?"
                " and not exists (select 1 from replaced_files where replaced_files.job_id = jobs.id)",
                (encode_path(replaced.path), replaced.job_id),
            ).fetchone()
        if row is None:
            return replaced
        job_id, inode, version = row
        versions = replaced.output_versions | {(inode, version)}
        return msgspec.structs.replace(replaced, job_id=job_id, output_versions=versions)

    def find_batch_of_original(self, path: str) -> int | None:
        """Return the batch that has replaced the file that stood at a path first; None where none is kept."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select batch_id from replaced_files join jobs on jobs.id = job_id where path = ?"
                " order by replaced_files.id limit 1",
                (encode_path(path),),
            ).fetchone()
        return row and int(row[0])

    def list_older(self, moment: float) -> list[ReplacedFile]:
        """Return what was replaced before this moment, in seconds since the epoch, the latest first."""
        return self._list("replaced_at < ?", moment)

    def _list(self, condition: str, value: float) -> list[ReplacedFile]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "select replaced_files.id, replaced_files.path, replaced_files.job_id, kept_path, output_inode,"  # noqa: S608  # ours
                " output_version, outputs.inode, outputs.published_version, outputs.removed_at from replaced_files"
                " left join jobs on jobs.id = replaced_files.job_id"
                " left join outputs on outputs.path = replaced_files.path and outputs.job_id = replaced_files.job_id"
                f" where {condition} order by replaced_files.id desc",
                (value,),
            ).fetchall()
        return [
            ReplacedFile(
                row_id=row_id,
                path=decode_path(path),
                job_id=job_id,
                kept_path=decode_path(kept),
                output_versions=frozenset(
                    [(inode, version), *([(now_inode, now_version)] if now_version is not None else [])]
                ),
                is_put_back=removed_at is not None and now_version is None,
            )
            for row_id, path, job_id, kept, inode, version, now_inode, now_version, removed_at in rows
        ]

    def list_sources_replaced(self, batch_id: int) -> list[str]:
        """Return the paths of sources whose place their own job's output has, in a batch."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path from jobs join outputs on outputs.job_id = jobs.id and outputs.path = jobs.source"
                " where batch_id = ? and published_version is not null order by path",
                (batch_id,),
            ).fetchall()
        return [decode_path(path) for (path,) in rows]

    def count_of_batch(self, batch_id: int) -> int:
        """Return how many files a batch has replaced."""
        with self._database.reading() as connection:
            (count,) = connection.execute(
                "select count(distinct path) from replaced_files join jobs on jobs.id = job_id where batch_id = ?",
                (batch_id,),
            ).fetchone()
        return int(count)

    def is_settled(self, path: str) -> bool:
        """Return whether nobody is making an output at a path just now."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select 1 from outputs where path = ? and (temp_path is not null or hidden_path is not null)",
                (encode_path(path),),
            ).fetchone()
        return row is None

    def record_put_back(self, replaced: ReplacedFile, now: float) -> None:
        """Record that nothing of the job's output is at the path any more."""
        with self._database.transaction() as connection:
            connection.execute(
                "update outputs set published_version = null, pending_version = null, pending_json = null,"
                " removed_at = ?, vanished_at = null where path = ? and job_id = ? and temp_path is null",
                (now, encode_path(replaced.path), replaced.job_id),
            )

    def delete_file(self, row_id: int) -> None:
        """Forget a file of which nothing is kept any more."""
        with self._database.transaction() as connection:
            connection.execute("delete from replaced_files where id = ?", (row_id,))

"""Whether what was published stands: there, unchanged, or gone by no doing of fileq's."""

import os
import stat
from collections.abc import Sequence

import msgspec

from fileq.files.identity import is_same_file, size_of_version, version_of
from fileq.job import SKIPPED_OUTPUTS
from fileq.ledger.columns import decode_path, encode_path
from fileq.ledger.database import Database


class ExpectedOutput(msgspec.Struct, frozen=True, kw_only=True):
    """An output that should stand, in the version that was published. `vanished`: it was found to be gone before."""

    path: str
    version: str
    recipe_name: str
    vanished: bool


class StandingOutputs:
    """Each method raises LedgerError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def are_present(self, job_id: int) -> bool:
        """Return whether all that a done job published is its own still, and there."""
        return self.find_changed(job_id) is not None

    def find_changed(self, job_id: int) -> list[str] | None:
        """Return which outputs of a done job somebody has changed since; None where not all are there.

        A folder in its place, a link to nothing or an empty file is no output. One of the same size is taken for
        unchanged: many have another time after a restore or a sync.
        """
        published = self._published_by(job_id)
        if published is None:
            return None
        changed = []
        for path, _, version in published:
            status = _status(path)
            if status is None:
                return None
            if version_of(status) != version:
                if not status.st_size or not stat.S_ISREG(status.st_mode):
                    return None
                if status.st_size != size_of_version(version):
                    changed.append(path)
        return changed

    def are_unchanged(self, job_id: int) -> bool:
        """Return whether all that a done job published is there, each the same file still."""
        published = self._published_by(job_id)
        return published is not None and all(_is_at(path, inode, version) for path, inode, version in published)

    def _published_by(self, job_id: int) -> list[tuple[str, int, str]] | None:
        """All that a done job published, each by path, inode and version.

        None where some of it isn't its own now, or was never made as another file had its place.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path, inode, published_version from outputs where job_id = ? and published_version is not null",
                (job_id,),
            ).fetchall()
            count, note = connection.execute("select outputs, note from jobs where id = ?", (job_id,)).fetchone()
        if len(rows) != count or note.endswith(SKIPPED_OUTPUTS):
            return None
        return [(decode_path(path), inode, version) for path, inode, version in rows]

    def list_expected_outputs(self, *, after: str | None, limit: int) -> list[ExpectedOutput]:
        """Return published outputs that nobody has removed, by their paths, beginning `after` one."""
        condition, values = ("", ()) if after is None else ("and path > ?", (encode_path(after),))
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path, published_version, recipes.name, vanished_at is not null from outputs"  # noqa: S608  # ours
                " join jobs on jobs.id = job_id"
                " join recipes on recipes.id = jobs.recipe_id where published_version is not null"
                f" {condition} order by path limit ?",
                (*values, limit),
            ).fetchall()
        return [
            ExpectedOutput(path=decode_path(path), version=version, recipe_name=recipe, vanished=bool(vanished))
            for path, version, recipe, vanished in rows
        ]

    def record_vanished(self, gone: Sequence[tuple[str, str]], back: Sequence[tuple[str, str]], now: float) -> None:
        """Record which outputs, each by path and version, were found to be gone, and which are there again.

        One that was published anew since they were looked for is neither.
        """
        if not gone and not back:
            return
        found = [*((now, *one) for one in gone), *((None, *one) for one in back)]
        with self._database.transaction() as connection:
            connection.executemany(
                "update outputs set vanished_at = ? where path = ? and published_version = ?",
                [(moment, encode_path(path), version) for moment, path, version in found],
            )


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:  # it is gone, or its drive is
        return None


def _is_at(path: str, inode: int, version: str) -> bool:
    try:
        return is_same_file(os.lstat(path), inode, version)
    except OSError:  # it is gone, or its drive is
        return False

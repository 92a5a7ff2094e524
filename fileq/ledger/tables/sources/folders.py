"""The folders that have held outputs or sources, or are watched: which one each was, and whether fileq made it."""

import os
from typing import Any

import msgspec

from fileq.ledger.columns import decode_path, encode_path
from fileq.ledger.database import Database

_FOLDER = "select path, real_path, device, inode, created_by_fileq from folders"


class FolderRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A folder by its path, and the one that it led to: `real` has no symbolic link in it."""

    path: str
    real_path: str
    device: int
    inode: int
    created_by_fileq: bool

    def is_same_folder(self, status: os.stat_result) -> bool:
        """Return whether this status is that of the very folder, by device and inode."""
        return (status.st_dev, status.st_ino) == (self.device, self.inode)


class Folders:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find_folder(self, path: str) -> FolderRecord | None:
        with self._database.reading() as connection:
            row = connection.execute(f"{_FOLDER} where path = ?", (encode_path(path),)).fetchone()
        return row and _folder(row)

    def upsert_folder(self, path: str, *, created_by_fileq: bool) -> None:
        """Remember the folder that is at `path` now. That fileq made it stays true as long as it is the same one.

        Raises OSError where it can't be looked at.
        """
        real = os.path.realpath(path)
        status = os.stat(real)
        with self._database.transaction() as connection:
            connection.execute(
                "insert into folders (path, real_path, device, inode, created_by_fileq) values (?, ?, ?, ?, ?)"
                " on conflict (path) do update set real_path = excluded.real_path, device = excluded.device,"
                " inode = excluded.inode, created_by_fileq = case when folders.created_by_fileq = 1 and"
                " folders.device = excluded.device"
                " and folders.inode = excluded.inode then 1 else excluded.created_by_fileq end",
                (encode_path(path), encode_path(real), status.st_dev, status.st_ino, int(created_by_fileq)),
            )

    def note_if_new(self, path: str) -> None:
        """Remember a source's folder, which nobody makes or removes. Raises OSError where it can't be looked at.

        One that is known stays as it is known: retention removes nothing from another one that has taken its place.
        """
        if self.find_folder(path) is None:
            self.upsert_folder(path, created_by_fileq=False)

    def delete_folder(self, path: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("delete from folders where path = ?", (encode_path(path),))

    def find_maybe_empty_folders(self) -> list[FolderRecord]:
        """Return the folders in which retention has removed something since they were looked at, the deepest first."""
        with self._database.reading() as connection:
            rows = connection.execute(f"{_FOLDER} where maybe_empty = 1 order by length(path) desc").fetchall()
        return [_folder(row) for row in rows]

    def set_maybe_empty(self, path: str, *, maybe_empty: bool) -> None:
        """Record that retention is about to remove something in a folder, or that the folder was looked at."""
        with self._database.transaction() as connection:
            connection.execute(
                "update folders set maybe_empty = ? where path = ? and maybe_empty <> ?",
                (int(maybe_empty), encode_path(path), int(maybe_empty)),
            )

    def list_reserved_folders(self) -> set[str]:
        """Return the paths of the folders in which an output is being made."""
        with self._database.reading() as connection:
            rows = connection.execute("select path from outputs where temp_path is not null")
            return {os.path.dirname(decode_path(path)) for (path,) in rows}


def _folder(row: Any) -> FolderRecord:
    path, real, device, inode, created_by_fileq = row
    return FolderRecord(
        path=decode_path(path),
        real_path=decode_path(real),
        device=device,
        inode=inode,
        created_by_fileq=bool(created_by_fileq),
    )

"""The folders that have held outputs or sources, or are watched: which one each was, and whether fileq made it.

Which one is told by device and inode. The device's number is each machine's own: on a shared disk, a folder has the
same inode everywhere, and another device. So each machine has a view of its own; one that has none yet takes a folder
for the one that others know where the inode is theirs.
"""

import os
from typing import Any

import msgspec

from fileq.ledger.columns import decode_path, encode_path
from fileq.ledger.database import Connection, Database
from fileq.presence import machine_name
from fileq.roots import is_here

_FOLDER = "select path, real_path, device, inode, created_by_fileq, machine from folders"
_AWAY = -1
"""No device has this number: what can't be recognized here is taken for something whose drive is away."""


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
            return row and self._as_seen_here(connection, row)

    def upsert_folder(self, path: str, *, created_by_fileq: bool) -> None:
        """Remember the folder that is at `path` now. That fileq made it stays true as long as it is the same one.

        Raises OSError where it can't be looked at.
        """
        real = os.path.realpath(path)
        status = os.stat(real)
        with self._database.transaction() as connection:
            known = self.find_folder(path)
            stays_ours = known is not None and known.created_by_fileq and known.is_same_folder(status)
            connection.execute("delete from folder_views where path = ?", (encode_path(path),))
            connection.execute(
                "insert into folders (path, real_path, device, inode, created_by_fileq, machine)"
                " values (?, ?, ?, ?, ?, ?) on conflict (path) do update set real_path = excluded.real_path,"
                " device = excluded.device, inode = excluded.inode, created_by_fileq = excluded.created_by_fileq,"
                " machine = excluded.machine",
                (encode_path(path), encode_path(real), status.st_dev, status.st_ino,
                 int(created_by_fileq or stays_ours), machine_name()),
            )  # fmt: skip

    def note_if_new(self, path: str) -> None:
        """Remember a source's folder, which nobody makes or removes. Raises OSError where it can't be looked at.

        One that is known stays as it is known: retention removes nothing from another one that has taken its place.
        """
        if self.find_folder(path) is None:
            self.upsert_folder(path, created_by_fileq=False)

    def delete_folder(self, path: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("delete from folders where path = ?", (encode_path(path),))
            connection.execute("delete from folder_views where path = ?", (encode_path(path),))

    def find_maybe_empty_folders(self) -> list[FolderRecord]:
        """Return the folders in which retention has removed something since they were looked at, the deepest first."""
        with self._database.reading() as connection:
            rows = connection.execute(f"{_FOLDER} where maybe_empty = 1 order by length(path) desc").fetchall()
            return [self._as_seen_here(connection, row) for row in rows]

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

    def _as_seen_here(self, connection: Connection, row: Any) -> FolderRecord:
        """Return a folder with the device and the real path that it has on this machine."""
        stored, real, device, inode, created_by_fileq, machine = row
        path, real = decode_path(stored), decode_path(real)
        if not is_here(path):
            device = _AWAY
        elif machine not in ("", machine_name()):
            view = connection.execute(
                "select real_path, device from folder_views where path = ? and machine = ? and inode = ?",
                (stored, machine_name(), inode),
            ).fetchone()
            real, device = (decode_path(view[0]), view[1]) if view else self._recognize(stored, path, inode)
        return FolderRecord(
            path=path, real_path=real, device=device, inode=inode, created_by_fileq=bool(created_by_fileq)
        )

    def _recognize(self, stored: object, path: str, inode: int) -> tuple[str, int]:
        """Return the real path and the device of a folder that another machine knows, and remember them."""
        real = os.path.realpath(path)
        try:
            status = os.stat(real)
        except OSError:
            return real, _AWAY
        if status.st_ino != inode:
            return real, _AWAY
        with self._database.transaction() as connection:
            connection.execute(
                "insert into folder_views (path, machine, real_path, device, inode) values (?, ?, ?, ?, ?)"
                " on conflict (path, machine) do update set real_path = excluded.real_path, device = excluded.device,"
                " inode = excluded.inode",
                (stored, machine_name(), encode_path(real), status.st_dev, inode),
            )
        return real, status.st_dev

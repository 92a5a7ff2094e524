"""Temp files: what is being written, and has no name yet that anybody looks for."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

import msgspec

from fileq.errors import ErrorKind, JobError, translate_os_errors
from fileq.files.directory import Directory
from fileq.files.names import partial_name


class TempIdentity(msgspec.Struct, frozen=True):
    """Which file a temp file is. The owner too: whoever removes it may get its inode for a file of their own."""

    inode: int
    owner: int
    size: int

    @classmethod
    def of(cls, status: os.stat_result) -> "TempIdentity":
        """Return the identity of the file that has this status."""
        return cls(status.st_ino, status.st_uid, status.st_size)


class TempFile:
    """A new file, written and read through the one descriptor that it was made with.

    Its name is used no more: who may write to its folder may have put a link there.
    """

    def __init__(self, path: str, handle: int) -> None:
        self.path = path
        self.handle = handle

    @contextmanager
    def open_from_start(self) -> Iterator[BinaryIO]:
        """Read and write the file from its start, by a new object each time: encoders in C pass by Python's buffers."""
        os.lseek(self.handle, 0, os.SEEK_SET)
        with open(self.handle, "r+b", closefd=False) as file:
            yield file

    def truncate(self) -> None:
        """Remove all that was written. Raises OSError."""
        if self.size:
            os.ftruncate(self.handle, 0)

    def replace_content(self, content: bytes) -> None:
        """Put this content into the file in place of all that was written. Raises JobError."""
        with translate_os_errors(self.path):
            self.truncate()
            with self.open_from_start() as file:
                file.write(content)

    @property
    def size(self) -> int:
        """The file's size in bytes."""
        return os.fstat(self.handle).st_size

    def sync(self) -> os.stat_result:
        """Have the file on the disk, and return its status. Raises JobError."""
        with translate_os_errors(self.path):
            os.fsync(self.handle)
            return os.fstat(self.handle)

    def set_times(self, status: os.stat_result) -> None:
        """Give the file the times in the status of another one. Raises OSError."""
        where = self.handle if os.utime in os.supports_fd else self.path
        os.utime(where, ns=(status.st_atime_ns, status.st_mtime_ns))


def foreign_file_error(temp: str) -> JobError:
    """Return the error of a temp file in whose place somebody has put another one."""
    return JobError(
        ErrorKind.CONFLICT,
        f"Somebody has put another file in the place of {temp}.",
        "See who may write to that folder, then retry.",
    )


@contextmanager
def new_temp_file(folder: Directory, name: str, mode: int) -> Iterator[TempFile]:
    """Make a file of a name that nothing has, and hold it open; `mode` is its permissions. Raises JobError."""
    path = os.path.join(folder.path, name)
    with translate_os_errors(path):
        handle = folder.create(name, mode)
    try:
        yield TempFile(path, handle)
    finally:
        os.close(handle)


@contextmanager
def replaced_file(path: str, *, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Write a new file that takes the name `path` once it is whole and on disk; an earlier one stands until then.

    `mode` is what the umask is taken from. Raises OSError.
    """
    temp = os.path.join(os.path.dirname(path), partial_name())
    try:
        with open(temp, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temp, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temp)
        raise

"""The file of a source, open for reading: as it was added, and never waited for."""

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from fileq.errors import ErrorKind, JobError, translate_os_errors
from fileq.files.resolution import open_trusted
from fileq.images.errors import unreadable

_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class _BoundedReader(io.BufferedReader):
    """A file that is never asked for more than it has: Python gets the memory for all that a damaged header claims."""

    def __init__(self, raw: io.FileIO, length: int) -> None:
        super().__init__(raw)
        self._length = length

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size if size is None else min(size, self._length))


@contextmanager
def open_source(path: str, size: int, mtime_ns: int, inode: int | None = None) -> Iterator[BinaryIO]:
    """Open a source for reading as it was added: of `size` in bytes and `mtime_ns` (-1 for any), and this inode.

    Raises JobError: missing, permission, unreadable (not a file, or empty), changed.
    """
    with translate_os_errors(path):
        _refuse_non_regular(os.stat(path), path)  # a pipe would be waited for, a device may do anything
        raw = io.FileIO(open_trusted(os.path.abspath(path), _READ_FLAGS))
    with raw:
        about = os.fstat(raw.fileno())
        _refuse_non_regular(about, path)
        file = _BoundedReader(raw, about.st_size)
        check_unchanged(file, path, size, mtime_ns)
        if inode not in (None, about.st_ino):  # a folder above it was swapped for another, or a link
            raise _changed_error(path)
        if not about.st_size:
            raise unreadable(path, "is empty: it has no bytes at all")
        yield file


def _refuse_non_regular(status: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise JobError(ErrorKind.UNREADABLE, f"{path} is not a regular file.", "Name the files themselves.")


@contextmanager
def rewound(file: BinaryIO) -> Iterator[BinaryIO]:
    """Read an open source from its beginning; afterwards it is where it was, for whoever reads it just now."""
    place = file.tell()
    file.seek(0)
    try:
        yield file
    finally:
        file.seek(place)


def read_all(file: BinaryIO) -> bytes:
    """Return all bytes of an open source. Raises OSError."""
    with rewound(file):
        return file.read()


def length_of(file: BinaryIO) -> int:
    """Return how many bytes an open source has. Raises OSError."""
    with rewound(file):
        return file.seek(0, os.SEEK_END)


def check_unchanged(file: BinaryIO, path: str, size: int, mtime_ns: int, ctime_ns: int = -1) -> None:
    """Raise JobError (changed) where the open file isn't of `size` and `mtime_ns` any more; -1 is for any.

    `ctime_ns` tells of edits that keep both, which nobody can set back; and of links and modes that are no edits.
    """
    with translate_os_errors(path):
        now = os.fstat(file.fileno())
    pairs = ((size, now.st_size), (mtime_ns, now.st_mtime_ns), (ctime_ns, now.st_ctime_ns))
    if any(asked not in (-1, found) for asked, found in pairs):
        raise _changed_error(path)


def _changed_error(path: str) -> JobError:
    return JobError(
        ErrorKind.CHANGED,
        f"{path} has changed since it was added.",
        "Add it again, or retry the job: it is then read as it is now.",
    )

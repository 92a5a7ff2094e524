"""The copy of a source on another device, which can be trusted with being the only one."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fileq.files.attributes import copy_attributes
from fileq.files.content import digest_of
from fileq.files.directory import Directory
from fileq.files.identity import version_of

_CHUNK = 2**20
_SYNC_EVERY = 32 * 2**20
"""Bytes after which a copy is flushed to its disk: so no single wait for a slow one is long."""

KeepAlive = Callable[[], None]
"""Called now and then while a file is read or written: it renews a lease, and raises Fenced where that is void."""


def copy_file(source: Directory, name: str, target: Directory, temp: str, keep_alive: KeepAlive) -> None:
    """Copy a file with its times, mode, owner and extended attributes to the new name `temp`, safe on its disk.

    Raises FileExistsError where anything stands there; OSError, also where the file changed meanwhile, or where what
    its disk gives back is not what was read.
    """
    with _closing(source.open(name)) as original, _closing(target.create(temp)) as copy:
        before = os.fstat(original)
        read = _pump(original, copy, keep_alive)
        copy_attributes(copy, original)
        os.utime(copy, ns=(before.st_atime_ns, before.st_mtime_ns))
        os.fsync(copy)
        if digest_of(copy, keep_alive, from_disk=True) != read:
            raise OSError(errno.EIO, "the copy is not what was read", temp)
        after = os.fstat(original)
        if (after.st_ino, version_of(after)) != (before.st_ino, version_of(before)):
            raise InterruptedError(errno.EINTR, "it changed while it was copied", name)


def has_same_content(
    first: Directory, first_name: str, second: Directory, second_name: str, keep_alive: KeepAlive
) -> bool:
    """Return whether both are regular files of the same bytes. Raises OSError."""
    statuses = first.lstat(first_name), second.lstat(second_name)
    if any(status is None for status in statuses) or len({status.st_size for status in statuses if status}) > 1:
        return False
    return digest_file(first, first_name, keep_alive) == digest_file(second, second_name, keep_alive)


def digest_file(directory: Directory, name: str, keep_alive: KeepAlive) -> str:
    """Return the SHA-256 of a file's content, in hex digits. Raises OSError."""
    with _closing(directory.open(name)) as handle:
        return digest_of(handle, keep_alive, from_disk=True)


@contextmanager
def _closing(handle: int) -> Iterator[int]:
    try:
        yield handle
    finally:
        os.close(handle)


def _pump(original: int, copy: int, keep_alive: KeepAlive) -> str:
    """Copy all bytes, and return the SHA-256 of what was read."""
    digest = hashlib.sha256()
    unsynced = 0
    while chunk := os.read(original, _CHUNK):
        digest.update(chunk)
        unsynced += len(chunk)
        while chunk:
            chunk = chunk[os.write(copy, chunk) :]
        if unsynced >= _SYNC_EVERY:
            os.fsync(copy)
            unsynced = 0
        keep_alive()
    return digest.hexdigest()

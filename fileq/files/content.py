"""The bytes of an open file: their digest, and a copy of them, at no cost where the file system can share them."""

import hashlib
import os
import sys
from collections.abc import Callable
from contextlib import suppress

_FICLONE = 0x40049409
"""ioctl_ficlone(2): both files have the same blocks until one is written to (Btrfs, XFS, bcachefs)."""

_CHUNK = 2**20
_AT_ONCE = 2**30


def digest_of(handle: int, keep_alive: Callable[[], None] | None = None, *, from_disk: bool = False) -> str:
    """Return the SHA-256 of an open file's content, in hex digits. The file stays where it is.

    `keep_alive` is called after each MiB. `from_disk`: what the disk has is read, and not what the system remembers of
    it, as far as the system lets us ask for that. Raises OSError.
    """
    if from_disk and sys.platform == "linux":
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    digest, place = hashlib.sha256(), os.lseek(handle, 0, os.SEEK_CUR)
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        while chunk := os.read(handle, _CHUNK):
            digest.update(chunk)
            if keep_alive is not None:
                keep_alive()
    finally:
        os.lseek(handle, place, os.SEEK_SET)
    return digest.hexdigest()


def copy_content(source: int, target: int) -> None:
    """Write the content of one open file to another that is empty. The source stays where it is.

    Raises OSError.
    """
    if not _cloned(source, target):
        _pump(source, target, _copied_by_the_kernel(source, target))


def _cloned(source: int, target: int) -> bool:
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415  # Windows has none

        with suppress(OSError):  # another file system, or one that can't
            fcntl.ioctl(target, _FICLONE, source)
            return True
    return False


def _copied_by_the_kernel(source: int, target: int) -> int:
    """Return how many bytes it copied, from the beginning: some file systems can't, a few say so by copying none."""
    done = 0
    if sys.platform == "linux":
        with suppress(OSError):  # the plain way goes on from there, and meets what is really wrong
            while count := os.copy_file_range(source, target, _AT_ONCE, done, done):
                done += count
    return done


def _pump(source: int, target: int, done: int) -> None:
    place = os.lseek(source, 0, os.SEEK_CUR)
    os.lseek(source, done, os.SEEK_SET)
    os.lseek(target, done, os.SEEK_SET)
    try:
        while chunk := os.read(source, _CHUNK):
            while chunk:
                chunk = chunk[os.write(target, chunk) :]
    finally:
        os.lseek(source, place, os.SEEK_SET)

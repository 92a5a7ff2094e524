"""Names for files without ever taking the place of a file that stands there: the one rule for all rooms."""

import errno
import os
import stat

from fileq.files.directory import Directory
from fileq.files.identity import is_same_file
from fileq.files.names import free_names

_NO_HARD_LINKS = {
    errno.EPERM, errno.EACCES, errno.EMLINK, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP,
}  # fmt: skip
"""What a link ends with where there are none (FAT: EPERM, on Windows EINVAL), or where the system forbids this one."""


def add_name(source: Directory, name: str, target: Directory, to: str) -> bool:
    """Give a file a second name, and return whether its file system has hard links; without them nothing has changed.

    Raises FileExistsError where anything stands there; OSError, EXDEV where the folders are on two devices.
    """
    try:
        source.link(name, target, to)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        return False
    return True


def rename_no_clobber(source: Directory, name: str, target: Directory, to: str) -> None:
    """Give the file or folder `name` of one folder the name `to` in another, or in the same.

    Raises FileExistsError where anything stands there; OSError, EXDEV where the folders are on two devices.
    """
    status = source.lstat(name)
    is_folder = status is not None and stat.S_ISDIR(status.st_mode)
    # A link, unlike a rename, fails on every file system where somebody has put a file in the meantime.
    if not is_folder and _add_name_nearby(source, name, target, to):
        source.unlink(name)
    else:
        source.rename(name, to, target)


def _add_name_nearby(source: Directory, name: str, target: Directory, to: str) -> bool:
    """Return also False where a file can be renamed into another folder and not linked there (AFS: EXDEV)."""
    try:
        return add_name(source, name, target, to)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False


def hide_file(directory: Directory, name: str, hidden: str, inode: int, version: str) -> bool:
    """Give the file of this inode and version a hidden name, in one step; return whether it has that now.

    What somebody has put in its place just before gets its own name back. Raises FileExistsError where anything has
    the hidden name; OSError.
    """
    try:
        directory.rename(name, hidden)
    except FileNotFoundError:
        return False
    status = directory.lstat(hidden)
    if status is not None and is_same_file(status, inode, version):
        return True
    restore_name(directory, hidden, name)
    return False


def restore_name(directory: Directory, hidden: str, name: str) -> str | None:
    """Give what has a hidden name its own name again, or one like it where something else stands there by now.

    Returns the name that it has now; None where nothing has the hidden name. Raises OSError.
    """
    status = directory.lstat(hidden)
    if status is None:
        return None
    for candidate in free_names(name):
        there = directory.lstat(candidate)
        if there is not None and os.path.samestat(there, status):  # a crash came between the two steps of it
            directory.unlink(hidden)
            return candidate
        if there is None:
            try:
                rename_no_clobber(directory, hidden, directory, candidate)
            except FileExistsError:
                continue
            return candidate
    raise AssertionError("there are names without end")

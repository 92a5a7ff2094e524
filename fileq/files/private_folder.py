"""A private folder for what a program makes: beside the output that it is to become, and closed to everybody else."""

import errno
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fileq.files.directory import Directory
from fileq.files.resolution import is_trusted_owner, user_id

PRIVATE_ENDING = ".dir"
"""The end of its name, after that of the temp file."""

_MARK = ".fileq-private"
"""Lies in each. Who may write to the folder around it could give its name to one of our other folders."""


@contextmanager
def private_folder(parent: Directory, name: str) -> Iterator[Directory]:
    """Make a folder, hold it open, and remove it with all that is in it. Raises OSError."""
    parent.mkdir(name)
    try:
        with parent.open_folder(name) as folder:
            if not _is_private(folder):
                raise PermissionError(errno.EPERM, "somebody has put another folder there", folder.path)
            os.close(folder.create(_MARK))
            try:
                yield folder
            finally:
                with suppress(OSError):  # what stays is known by the temp file's name, and tried again
                    _empty(folder)
    finally:
        with suppress(OSError):
            parent.rmdir(name)


def remove_private_folder(parent: Directory, name: str) -> None:
    """Remove a private folder with all that is in it; no link is followed. Raises OSError, also where it is none."""
    with parent.open_folder(name) as folder:
        names = folder.list_names()
        if names and not (_is_private(folder) and _MARK in names):
            raise PermissionError(errno.EPERM, "it is no folder of fileq's", folder.path)
        _empty(folder)
    parent.rmdir(name)


def random_name(ending: str) -> str:
    """Return a name, with this ending, that nothing in a private folder has."""
    return f"{secrets.token_hex(5)}.{ending}" if ending else secrets.token_hex(5)


def path_for_programs(folder: Directory) -> str:
    """Return what a program is to call the folder.

    Where somebody else may rename it, or a folder above, that is by our handle: as long as this process lives, it
    leads there, whatever has the name by then. Some programs, shut in by the system, can't go that way.
    """
    real = os.path.realpath(folder.path)
    if sys.platform == "linux" and folder.handle is not None and _may_be_renamed(real):
        by_handle = f"/proc/{os.getpid()}/fd/{folder.handle}"
        return by_handle if os.path.isdir(by_handle) else real
    return real


def _is_private(folder: Directory) -> bool:
    status = folder.lstat(".")
    if status is None or folder.handle is None:
        return status is not None
    return status.st_uid == user_id() and not status.st_mode & 0o077


def _empty(folder: Directory) -> None:
    """Remove what is in it. The mark goes last: until then the rest is known for ours."""
    for name in sorted(folder.list_names(), key=lambda name: name == _MARK):
        status = folder.lstat(name)
        if status is not None and stat.S_ISDIR(status.st_mode):
            shutil.rmtree(folder.path_of(name), dir_fd=folder.handle)
        elif status is not None:
            folder.unlink(name)


def _may_be_renamed(path: str) -> bool:
    while True:
        above = os.path.dirname(path)
        if above == path:
            return False
        status = os.stat(above)
        if not is_trusted_owner(status.st_uid):
            return True
        if status.st_mode & 0o022 and not (status.st_mode & stat.S_ISVTX and is_trusted_owner(os.stat(path).st_uid)):
            return True
        path = above

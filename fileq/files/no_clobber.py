"""Giving a file another name without ever taking the place of a file that stands there."""

import ctypes
import errno
import functools
import os
import stat
import sys
from collections.abc import Callable

from fileq.files.directory import Directory
from fileq.files.names import free_names

CANNOT_LINK = {
    errno.EPERM, errno.EACCES, errno.EXDEV, errno.EMLINK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP,
}  # fmt: skip
"""What file systems without hard links answer to one (FAT: EPERM), and links that the system forbids."""

_NO_REPLACE, _EXCHANGE = 1, 2  # RENAME_NOREPLACE and RENAME_EXCHANGE, see rename(2)
_CANNOT_SAY_SO = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


def give_name(source: Directory, name: str, target: Directory, to: str) -> None:
    """Give the file `name` of one folder the name `to` in another, or the same. A folder can be renamed so too.

    Raises FileExistsError where anything stands there; OSError, EXDEV where the folders are on two devices.
    """
    status = source.look(name)
    if status is not None and stat.S_ISDIR(status.st_mode):
        _rename(source, name, target, to)
        return
    try:
        # A link, unlike a rename, fails where somebody has put a file in the meantime.
        source.link(name, target, to)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in CANNOT_LINK:
            raise
        _rename(source, name, target, to)
    else:
        source.unlink(name)


def put_back(directory: Directory, hidden: str, name: str) -> str | None:
    """Give what has a hidden name its own name again, or one like it where something else stands there by now.

    Returns the name that it has now; None where nothing has the hidden name. Raises OSError.
    """
    status = directory.look(hidden)
    if status is None:
        return None
    for candidate in free_names(name):
        there = directory.look(candidate)
        if there is not None and os.path.samestat(there, status):  # a crash came between the two steps of it
            directory.unlink(hidden)
            return candidate
        if there is None:
            try:
                give_name(directory, hidden, directory, candidate)
            except FileExistsError:
                continue
            return candidate
    raise AssertionError("there are names without end")


def exchange(directory: Directory, one: str, other: str) -> bool:
    """Have two entries swap their names, in one step. False where the system can't; nothing has changed then.

    Raises OSError.
    """
    renameat2 = _renameat2()
    if renameat2 is None or directory.handle is None:
        return False
    error = renameat2(directory.handle, os.fsencode(one), directory.handle, os.fsencode(other), _EXCHANGE)
    if error and error not in _CANNOT_SAY_SO:
        raise OSError(error, os.strerror(error), other)
    return not error


def _rename(source: Directory, name: str, target: Directory, to: str) -> None:
    renameat2 = _renameat2()
    if renameat2 is not None and source.handle is not None and target.handle is not None:
        error = renameat2(source.handle, os.fsencode(name), target.handle, os.fsencode(to), _NO_REPLACE)
        if not error:
            return
        if error not in _CANNOT_SAY_SO:
            raise OSError(error, os.strerror(error), to)
    if target.look(to) is not None:  # where the system can't say so, a look is the best that one can do
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), to)
    os.rename(source.at(name), target.at(to), src_dir_fd=source.handle, dst_dir_fd=target.handle)


@functools.cache
def _renameat2() -> Callable[[int, bytes, int, bytes, int], int] | None:
    """The system's rename with flags, as a function that returns an errno, 0 for success; None without one."""
    if sys.platform != "linux":
        return None
    try:
        function = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:  # a C library from before 2018
        return None

    def call(source: int, name: bytes, target: int, to: bytes, flags: int) -> int:
        done = function(source, ctypes.c_char_p(name), target, ctypes.c_char_p(to), ctypes.c_uint(flags))
        return ctypes.get_errno() if done else 0

    return call

"""The resolution of paths, which follows no link by which somebody hands in, or gets, what isn't theirs.

In folders that several people may write to, anybody can make a link that leads to a file or folder of yours. The system
itself follows no such link in folders like /tmp (protected_symlinks in proc(5)); here it is so everywhere.
"""

import errno
import os
import stat
import sys
from collections import deque

from fileq.errors import ForeignLinkError

_SEARCH_ONLY = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0)
"""For folders that one may pass through and not list, where the platform can."""

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NOT_FOLLOWED = getattr(os, "O_PATH", os.O_RDONLY) | _NO_LINK
_CLOSED_FOR_PROGRAMS = getattr(os, "O_CLOEXEC", 0)
_IS_LINK = {errno.ELOOP, errno.ENOTDIR, errno.EMLINK}
"""What the system says to a link that it may not follow: the first where a file is wanted, the second for a folder."""

_MOST_LINKS = 40
HAS_PATH_HANDLES = hasattr(os, "O_PATH") and {os.open, os.readlink} <= os.supports_dir_fd


def open_trusted(path: str, flags: int) -> int:
    """Open what is at an absolute path, and return its descriptor.

    A link on the way, or at its end, is followed only if it is ours, root's, or of who owns what it leads to; or if
    it lies in a folder of ours or root's to which nobody else may write. Raises ForeignLinkError, and OSError. Where
    the platform has no handles for paths, links are followed as ever.
    """
    if not HAS_PATH_HANDLES:
        return os.open(path, flags)
    return _Resolver(path, flags).end()


class _Resolver:
    """Goes from the root along a path, one name after another."""

    def __init__(self, path: str, flags: int) -> None:
        self._path = path
        self._flags = flags | _NO_LINK | _CLOSED_FOR_PROGRAMS
        self._links = 0
        self._left: deque[str | int] = deque(_names(path))
        """Names still to go, and behind those that a link has put in, who owns that link."""

    def end(self) -> int:
        """Return the descriptor of what is at the end of the path. Raises ForeignLinkError, OSError."""
        handle = os.open(os.sep, _SEARCH_ONLY | _CLOSED_FOR_PROGRAMS)
        try:
            while self._left:
                step = self._left.popleft()
                if isinstance(step, int):
                    self._check_owner(handle, step)
                    continue
                deeper = self._step(handle, step)
                os.close(handle)
                handle = deeper
        except BaseException:
            os.close(handle)
            raise
        return handle

    def _step(self, handle: int, name: str) -> int:
        is_last = not any(isinstance(step, str) for step in self._left)
        try:
            flags = self._flags if is_last else _SEARCH_ONLY | _NO_LINK | _CLOSED_FOR_PROGRAMS
            return os.open(name, flags, dir_fd=handle)
        except OSError as error:
            if error.errno not in _IS_LINK:
                raise
            return self._follow(handle, name, error)

    def _follow(self, handle: int, name: str, reason: OSError) -> int:
        """Put what a link says in the place of its name; return the descriptor to go on from."""
        link = os.open(name, _NOT_FOLLOWED | _CLOSED_FOR_PROGRAMS, dir_fd=handle)
        try:
            target = os.readlink("", dir_fd=link)
            owner = os.fstat(link).st_uid
        except OSError:  # it is none: a file where a folder should be
            raise reason from None
        finally:
            os.close(link)
        self._links += 1
        if self._links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), self._path)
        if not (is_trusted_owner(owner) or _is_closed(os.fstat(handle))):
            self._left.appendleft(owner)
        self._left.extendleft(reversed(_names(target)))
        return os.open(os.sep, _SEARCH_ONLY | _CLOSED_FOR_PROGRAMS) if target.startswith(os.sep) else os.dup(handle)

    def _check_owner(self, handle: int, owner: int) -> None:
        if os.fstat(handle).st_uid != owner:
            raise ForeignLinkError(errno.EACCES, "another user's link leads to what isn't theirs", self._path)


def user_id() -> int:
    """Return the id of the user as whom this process acts; on Windows 0, which every file's owner has there."""
    if sys.platform == "win32":
        user = 0
    else:
        user = os.geteuid()
    return user


def is_trusted_owner(owner: int) -> bool:
    """Whether the user with the id `owner` is this one or root."""
    return owner in (0, user_id())


def _is_closed(folder: os.stat_result) -> bool:
    """Return whether nobody but us and root can put a link there."""
    return is_trusted_owner(folder.st_uid) and not folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _names(path: str) -> list[str]:
    return [name for name in path.split(os.sep) if name not in ("", os.curdir)]

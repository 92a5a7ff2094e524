"""A folder that is held open, so that names in it mean what they meant when it was looked at.

It is reached from the root, one name after another, and no symbolic link is followed on the way. What is done in it is
done through its handle: whoever swaps the folder for a link meanwhile changes nothing.

Windows has no such handles. There the same is done with plain paths, looked at just before: a swap within that moment
is not noticed. Making links takes special rights there.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fileq.ledger.folders import Folder
from fileq.publish.folders import sync_and_close

HAS_HANDLES = {os.open, os.stat, os.rename, os.unlink, os.rmdir, os.link} <= os.supports_dir_fd
_FLAGS = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_PASSING = _FLAGS | getattr(os, "O_PATH", os.O_RDONLY)
"""For folders that one may pass through and not list, where the platform can."""

_NO_FOLDER = {errno.ENOTDIR, errno.ELOOP}


class Absent(Exception):
    """The folder isn't there."""


class Gone(Absent):
    """Nothing is left of it."""


class Away(Absent):
    """Its device isn't there: a drive that was taken out."""


class Another(Absent):
    """Something else stands in its place: another folder, a file or a link."""


class Place:
    """Names are those of entries of this folder. Every method raises OSError."""

    def __init__(self, real: str, handle: int | None) -> None:
        self.real = real
        self._handle = handle

    def look(self, name: str) -> os.stat_result | None:
        """What stands there, be it a link; None where nothing does."""
        try:
            return os.stat(self._at(name), dir_fd=self._handle, follow_symlinks=False)
        except FileNotFoundError:
            return None

    @property
    def is_writable(self) -> bool:
        return os.access(self._at("."), os.W_OK | os.X_OK, dir_fd=self._handle)

    def rename(self, name: str, to: str) -> None:
        os.rename(self._at(name), self._at(to), src_dir_fd=self._handle, dst_dir_fd=self._handle)

    def link(self, name: str, to: str) -> None:
        """Raises FileExistsError where something stands there."""
        os.link(
            self._at(name), self._at(to), src_dir_fd=self._handle, dst_dir_fd=self._handle, follow_symlinks=False
        )  # fmt: skip

    def unlink(self, name: str) -> None:
        os.unlink(self._at(name), dir_fd=self._handle)

    def rmdir(self, name: str) -> None:
        os.rmdir(self._at(name), dir_fd=self._handle)

    def sync(self) -> None:
        """Make what was done last, where the platform can."""
        if self._handle is None:
            return
        with suppress(PermissionError):  # one may remove files from it, and not list it
            sync_and_close(os.open(".", os.O_RDONLY | _FLAGS, dir_fd=self._handle))

    def _at(self, name: str) -> str:
        return name if self._handle is not None else os.path.join(self.real, name)


@contextmanager
def opened(folder: Folder) -> Iterator[Place]:
    """The folder itself, and no other one at its path. Raises Absent, and OSError."""
    with descended(folder.real, folder.device) as place:
        if not folder.is_still(_status(place)):
            raise Away if _status(place).st_dev != folder.device else Another
        yield place


@contextmanager
def descended(real: str, device: int) -> Iterator[Place]:
    """Whatever folder is at this path now. Raises Absent, and OSError. `device` is the one where it was."""
    if not HAS_HANDLES:
        yield _looked_at(real, device)
        return
    handle = os.open(os.sep, _PASSING)
    try:
        for part in filter(None, real.split(os.sep)):
            deeper = _deeper(handle, part, device)
            os.close(handle)
            handle = deeper
        yield Place(real, handle)
    finally:
        os.close(handle)


def _deeper(handle: int, name: str, device: int) -> int:
    try:
        return os.open(name, _PASSING, dir_fd=handle)
    except FileNotFoundError as error:
        raise (Gone if os.fstat(handle).st_dev == device else Away) from error
    except OSError as error:
        if error.errno in _NO_FOLDER:
            raise Another from error
        raise


def _looked_at(real: str, device: int) -> Place:
    if os.path.realpath(real) != real:
        raise Another
    if not os.path.isdir(real):
        raise Away if is_away(real, device) else Gone
    return Place(real, None)


def _status(place: Place) -> os.stat_result:
    status = place.look(".")
    if status is None:
        raise Gone
    return status


def is_away(path: str, device: int) -> bool:
    """Whether what was at `path` may come back with its device: the nearest folder that is there is on another."""
    try:
        return os.stat(path).st_dev != device
    except (FileNotFoundError, NotADirectoryError):
        above = os.path.dirname(path)
        return above == path or is_away(above, device)

"""A folder that is held open, so that names in it mean what they meant when it was looked at.

What is done in it is done through its handle: whoever swaps the folder for a link meanwhile changes nothing.

Windows has no such handles. There the same is done with plain paths, looked at just before: a swap within that moment
is not noticed. Making links takes special rights there.
"""

import ctypes
import errno
import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from fileq.files.resolution import open_trusted

HAS_HANDLES = {os.open, os.stat, os.rename, os.unlink, os.rmdir, os.link} <= os.supports_dir_fd
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_SEARCH_ONLY = getattr(os, "O_PATH", os.O_RDONLY)
"""For folders that one may pass through and not list, where the platform can."""

_PLAIN = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_FOLDER = {errno.ENOTDIR, errno.ELOOP}

_NO_REPLACE, _EXCHANGE = 1, 2  # RENAME_NOREPLACE and RENAME_EXCHANGE, see rename(2)

_NO_RENAMEAT2 = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}
"""Its errors where there is none. EPERM: old containers answer so to a system call they don't know."""


class FolderMissing(Exception):
    """The folder isn't there."""


class FolderRemoved(FolderMissing):
    """Nothing is left of it."""


class DriveMissing(FolderMissing):
    """Its device isn't there: a drive that was taken out."""


class FolderReplaced(FolderMissing):
    """Something else stands in its place: another folder, a file or a link."""


class Directory:
    """An open folder. Names are those of entries of this folder. Every method raises OSError."""

    def __init__(self, path: str, handle: int | None) -> None:
        self.path = path
        self._handle = handle

    @property
    def handle(self) -> int | None:
        """The folder's descriptor, for `dir_fd`; None where the platform has none for folders."""
        return self._handle

    def path_of(self, name: str) -> str:
        """Return the path of an entry, from `handle` where there is one, else from the root."""
        return name if self._handle is not None else os.path.join(self.path, name)

    def lstat(self, name: str) -> os.stat_result | None:
        """Return the status of an entry, be it a link; None where there is none."""
        try:
            return os.stat(self.path_of(name), dir_fd=self._handle, follow_symlinks=False)
        except FileNotFoundError:
            return None

    @property
    def is_writable(self) -> bool:
        """Whether names may be given and taken in it."""
        return os.access(self.path_of("."), os.W_OK | os.X_OK, dir_fd=self._handle)

    def create(self, name: str, mode: int = 0o600) -> int:
        """Make a new file and return its descriptor. Raises FileExistsError where anything stands, be it a link."""
        return os.open(
            self.path_of(name), os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_LINK | _PLAIN, mode, dir_fd=self._handle
        )

    def open(self, name: str, access: int = os.O_RDONLY) -> int:
        """Open a file, for reading if nothing else is said, and return its descriptor.

        A link is not followed, a pipe not waited for.
        """
        flags = access | _NO_LINK | getattr(os, "O_NONBLOCK", 0) | _PLAIN
        return os.open(self.path_of(name), flags, dir_fd=self._handle)

    @contextmanager
    def open_folder(self, name: str) -> Iterator["Directory"]:
        """Hold a folder in this one open, which can be listed. A link is not followed."""
        path = os.path.join(self.path, name)
        if self._handle is None:
            yield Directory(path, None)
            return
        handle = os.open(name, os.O_RDONLY | _DIRECTORY | _NO_LINK | _PLAIN, dir_fd=self._handle)
        try:
            yield Directory(path, handle)
        finally:
            os.close(handle)

    def list_names(self) -> list[str]:
        """Return the names in a folder that `open_folder` opened."""
        return os.listdir(self.path if self._handle is None else self._handle)

    def mkdir(self, name: str, mode: int = 0o700) -> None:
        """Make a folder in it; the system takes the umask from `mode`."""
        os.mkdir(self.path_of(name), mode, dir_fd=self._handle)

    def rename(self, name: str, to: str, target: "Directory | None" = None) -> None:
        """Give an entry the name `to`, here or in another folder, in one step.

        Raises FileExistsError where anything stands there: where the system can't rename so, a look just before it is
        the best that one can do.
        """
        target = self if target is None else target
        if _renameat2(self._handle, name, target.handle, to, _NO_REPLACE):
            return
        if target.lstat(to) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), to)
        os.rename(self.path_of(name), target.path_of(to), src_dir_fd=self._handle, dst_dir_fd=target.handle)

    def exchange(self, one: str, other: str, target: "Directory | None" = None) -> bool:
        """Have two entries swap their names, the second here or in another folder, in one step.

        Returns False where the system can't; nothing has changed then.
        """
        target = self if target is None else target
        return _renameat2(self._handle, one, target.handle, other, _EXCHANGE)

    def replace(self, name: str, to: str, target: "Directory | None" = None) -> None:
        """Give a file the name `to`, here or in another folder, whatever has it now."""
        target = self if target is None else target
        os.replace(self.path_of(name), target.path_of(to), src_dir_fd=self._handle, dst_dir_fd=target.handle)

    def link(self, name: str, target: "Directory", to: str) -> None:
        """Give a file a second name, here or in another folder. Raises FileExistsError where anything stands there."""
        one, other = self.path_of(name), target.path_of(to)
        os.link(one, other, src_dir_fd=self._handle, dst_dir_fd=target.handle, follow_symlinks=False)

    def unlink(self, name: str) -> None:
        os.unlink(self.path_of(name), dir_fd=self._handle)

    def rmdir(self, name: str) -> None:
        os.rmdir(self.path_of(name), dir_fd=self._handle)

    def sync(self) -> None:
        """Make the folder's names last, where the platform and the file system can."""
        if self._handle is None:
            return
        with suppress(PermissionError):  # one may put files into it, and not list it: the system decides when they last
            _sync_and_close(os.open(".", os.O_RDONLY | _DIRECTORY, dir_fd=self._handle))


def _sync_and_close(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # this file system can't do that for folders
            raise
    finally:
        os.close(handle)


def make_folders(path: str) -> list[str]:
    """Have a folder there, and those above it, to last. Returns those that were made, the outermost first.

    Raises FileExistsError or NotADirectoryError where a file stands in the way; PermissionError where the file system
    lets nobody make a folder, as /proc; OSError.
    """
    if os.path.isdir(path):
        return []
    above = os.path.dirname(path)
    made = make_folders(above) if above != path else []
    with open_directory(above) as directory:
        try:
            directory.mkdir(os.path.basename(path), 0o777)
        except (FileExistsError, NotADirectoryError):
            if os.path.isdir(path):  # somebody else was faster
                return made
            raise
        except FileNotFoundError as error:
            if os.path.isdir(above):
                raise PermissionError(errno.EPERM, "no folder can be made there", path) from error
            raise
        directory.sync()
    return [*made, path]


@contextmanager
def open_directory(path: str) -> Iterator[Directory]:
    """Hold the folder at `path` open. Links may lead there, but none of a stranger's: see `open_trusted`.

    Raises OSError.
    """
    if not HAS_HANDLES:
        yield Directory(path, None)
        return
    handle = open_trusted(os.path.abspath(path), _SEARCH_ONLY | _DIRECTORY)
    try:
        yield Directory(path, handle)
    finally:
        os.close(handle)


@contextmanager
def reopen_directory(real: str, device: int, inode: int) -> Iterator[Directory]:
    """Hold the folder open that had this path, device and inode, and no other one. Raises FolderMissing, OSError."""
    with open_without_links(real, device) as directory:
        status = directory.lstat(".")
        if status is None:
            raise FolderRemoved
        if (status.st_dev, status.st_ino) != (device, inode):
            raise DriveMissing if status.st_dev != device else FolderReplaced
        yield directory


@contextmanager
def open_without_links(real: str, device: int) -> Iterator[Directory]:
    """Hold the folder at this path open, following no symbolic link on the way. Raises FolderMissing, OSError.

    `device` is the one that the folder was on: where another is mounted now, a missing folder is DriveMissing.
    """
    if not HAS_HANDLES:
        yield _checked_path(real, device)
        return
    handle = os.open(os.sep, _SEARCH_ONLY | _DIRECTORY | _PLAIN)
    try:
        for part in filter(None, real.split(os.sep)):
            deeper = _open_next(handle, part, device)
            os.close(handle)
            handle = deeper
        yield Directory(real, handle)
    finally:
        os.close(handle)


def _open_next(handle: int, name: str, device: int) -> int:
    try:
        return os.open(name, _SEARCH_ONLY | _DIRECTORY | _NO_LINK | _PLAIN, dir_fd=handle)
    except FileNotFoundError as error:
        raise (FolderRemoved if os.fstat(handle).st_dev == device else DriveMissing) from error
    except OSError as error:
        if error.errno in _NO_FOLDER:
            raise FolderReplaced from error
        raise


def _checked_path(real: str, device: int) -> Directory:
    if os.path.realpath(real) != real:
        raise FolderReplaced
    if not os.path.isdir(real):
        raise DriveMissing if is_drive_missing(real, device) else FolderRemoved
    return Directory(real, None)


def is_drive_missing(path: str, device: int) -> bool:
    """Return whether the drive of what was at `path` is away: the nearest folder that is there is on another device."""
    try:
        return os.stat(path).st_dev != device
    except (FileNotFoundError, NotADirectoryError):
        above = os.path.dirname(path)
        return above == path or is_drive_missing(above, device)


def _renameat2(source: int | None, name: str, target: int | None, to: str, flags: int) -> bool:
    """Rename an entry of one open folder by Linux's system call, which takes no name or swaps two, as the flags say.

    Returns False where the system or the file system has no such rename; nothing has changed then. Raises OSError.
    """
    function = _find_renameat2()
    if function is None or source is None or target is None:
        return False
    number = function(source, os.fsencode(name), target, os.fsencode(to), flags)
    if number and number not in _NO_RENAMEAT2:
        raise OSError(number, os.strerror(number), to)
    return not number


@functools.cache
def _find_renameat2() -> Callable[[int, bytes, int, bytes, int], int] | None:
    """Return renameat2, as a function that returns an errno, 0 for success; None without one."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # a C library from before 2018
            function = ctypes.CDLL(None, use_errno=True).renameat2

            def call(source: int, name: bytes, target: int, to: bytes, flags: int) -> int:
                done = function(source, ctypes.c_char_p(name), target, ctypes.c_char_p(to), ctypes.c_uint(flags))
                return ctypes.get_errno() if done else 0

            return call
    return None

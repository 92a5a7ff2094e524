"""The identity of a file: its version, which changes when its content does, and its inode."""

import os
import stat


def format_version(size: int, mtime_ns: int) -> str:
    """Return what changes when a file's content does. No inode: those of exFAT cards change at every mount."""
    return f"{size}-{mtime_ns}"


def version_of(status: os.stat_result) -> str:
    """Return the version of the file that has this status."""
    return format_version(status.st_size, status.st_mtime_ns)


def size_of_version(version: str) -> int:
    """Return the bytes of a file of this version."""
    return int(version.partition("-")[0])


def version_at(path: str) -> str | None:
    """Return the version of what stands at `path`, be it a link; None where nothing does. Raises OSError."""
    status = status_at(path)
    return None if status is None else version_of(status)


def status_at(path: str) -> os.stat_result | None:
    """Return the status of what stands at `path`, be it a link; None where nothing does. Raises OSError."""
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_same_file(status: os.stat_result, inode: int, version: str) -> bool:
    """Return whether this is the status of the regular file of that inode and version."""
    return stat.S_ISREG(status.st_mode) and status.st_ino == inode and version_of(status) == version


def relative_within(path: str, folder: str) -> str | None:
    """Return the path of `path` relative to `folder`, "" for the folder itself; None where it lies elsewhere.

    Links, and another mount of the folder, are seen through.
    """
    path, folder = os.path.realpath(path), os.path.realpath(folder)
    rest = ""
    while path != folder and not _is_same_folder(path, folder):
        above, name = os.path.split(path)
        if above == path:
            return None
        path, rest = above, os.path.join(name, rest) if rest else name
    return rest


def _is_same_folder(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:  # one of them isn't there yet
        return False

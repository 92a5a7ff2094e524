"""The files that are meant by what people name (files, folders, patterns), by one set of rules."""

import fnmatch
import glob
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import msgspec

from fileq.errors import MissingPathsError
from fileq.files.identity import format_version

IGNORED = (
    ".*", "*.part", "*.partial", "*.crdownload", "*.download", "*.tmp", "*.filepart", "*~", "~$*",
    "thumbs.db", "desktop.ini", "@eadir", "__macosx", "lost+found",
)  # fmt: skip
"""Names, in lower case, that a walk passes over: hidden files, downloads under way, what systems leave behind."""

_matches_ignored = re.compile("|".join(map(fnmatch.translate, IGNORED))).match
_SORTED_AT_ONCE = 10_000


def is_ignored(name: str) -> bool:
    """Return whether walks and watchers pass over a file or folder of this name."""
    return _matches_ignored(name.lower()) is not None


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A regular file that was found.

    `folder` is the one that it lies in, `relative` is that below the one that was named, "" at its top. `named` says
    that the file was named itself, and not found by walking a folder.
    """

    path: str
    name: str
    folder: str
    relative: str
    size: int
    mtime_ns: int
    inode: int
    named: bool = False

    @property
    def version(self) -> str:
        """Return what changes when the file's content does."""
        return format_version(self.size, self.mtime_ns)


class SourceFilter(msgspec.Struct, frozen=True):
    """Which files of a walk are meant: by patterns on the name, or on the path below the folder that was named."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def matches(self, name: str, relative: str) -> bool:
        """Return whether the file `name` is meant, in the folder `relative` to the one that was named."""
        path = os.path.join(relative, name)
        if self.include and not _any_matches(self.include, name, path):
            return False
        return not _any_matches(self.exclude, name, path)


def _any_matches(patterns: Sequence[str], name: str, path: str) -> bool:
    return any(fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(path, pattern) for pattern in patterns)


def expand_paths(paths: Sequence[str]) -> list[str]:
    """Return absolute paths for what people name, patterns expanded. Raises MissingPathsError."""
    found: list[str] = []
    missing: list[str] = []
    for path in paths:
        matches = _matches(path)
        found += matches
        if not matches:
            missing.append(path or '""')
    if missing:
        raise MissingPathsError(missing)
    return found


def _matches(path: str) -> list[str]:
    if not path:  # an empty variable of a script; it does not mean the working directory
        return []
    path = os.path.expanduser(path)
    named = os.path.abspath(path)
    if os.path.lexists(named):
        return [named]
    pattern = os.path.join(glob.escape(os.getcwd()), path)  # which may have brackets in its name
    return sorted(map(os.path.normpath, glob.iglob(pattern, recursive=True)))


def find_sources(
    paths: Sequence[str], source_filter: SourceFilter, *, recursive: bool = True, on_problem: Callable[[str], None]
) -> Iterator[SourceFile]:
    """Yield the files that absolute paths mean: each file itself, each folder walked.

    Sorted by name within a folder, or within each 10,000 names of a larger one: memory doesn't grow with the count.
    `on_problem` is told of each folder or file that can't be read.
    """
    for path in paths:
        if os.path.isdir(path):
            yield from _walk(path, "", source_filter, recursive=recursive, on_problem=on_problem)
            continue
        folder, name = os.path.split(path)
        if not source_filter.matches(name, ""):
            continue
        source = _source(path, name, folder, "", on_problem, named=True)
        if source is not None:
            yield source


def _walk(
    folder: str, relative: str, chosen: SourceFilter, *, recursive: bool, on_problem: Callable[[str], None]
) -> Iterator[SourceFile]:
    folders: list[str] = []
    for entry in _entries(folder, on_problem):
        if is_ignored(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry.name)
        elif chosen.matches(entry.name, relative) and not (entry.is_symlink() and os.path.isdir(entry.path)):
            source = _source(entry.path, entry.name, folder, relative, on_problem, named=False)
            if source is not None:
                yield source
    if recursive:
        for name in folders:
            below = os.path.join(relative, name)
            yield from _walk(os.path.join(folder, name), below, chosen, recursive=True, on_problem=on_problem)


def _entries(folder: str, on_problem: Callable[[str], None]) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            while some := sorted(islice(entries, _SORTED_AT_ONCE), key=lambda entry: entry.name):
                yield from some
    except OSError as error:
        on_problem(f"{folder}: {error.strerror}")


def _source(
    path: str, name: str, folder: str, relative: str, on_problem: Callable[[str], None], *, named: bool
) -> SourceFile | None:
    try:
        status = os.stat(path)
    except OSError as error:  # it vanished, or it is a link to nothing
        on_problem(f"{path}: {error.strerror}")
        return None
    if not stat.S_ISREG(status.st_mode):
        on_problem(f"{path}: not a regular file")
        return None
    return SourceFile(
        path=path, name=name, folder=folder, relative=relative, size=status.st_size, mtime_ns=status.st_mtime_ns,
        inode=status.st_ino, named=named,
    )  # fmt: skip

"""The verification of outputs: whether each is still the file that fileq wrote, missing, or a source as well."""

import errno
import functools
import os
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from enum import Enum, auto

from fileq.files.directory import (
    Directory,
    DriveMissing,
    FolderMissing,
    FolderRemoved,
    FolderReplaced,
    reopen_directory,
)
from fileq.files.identity import is_same_file
from fileq.ledger import Ledger
from fileq.ledger.queries.retention import RemovableOutput
from fileq.roots import is_here

_AT_ONCE = 500


class OutputState(Enum):
    """What is found at an output's path."""

    UNCHANGED = auto()
    CHANGED = auto()
    """Something else than what fileq wrote."""
    MISSING = auto()
    DRIVE_MISSING = auto()
    """Its drive isn't there, or its root not on this host, so nothing else can be said."""
    SOURCE = auto()
    """What fileq wrote, and a source as well."""


_MISSING: dict[type[FolderMissing], OutputState] = {
    FolderRemoved: OutputState.MISSING,
    DriveMissing: OutputState.DRIVE_MISSING,
    FolderReplaced: OutputState.CHANGED,
}


class DirectoryCache(ExitStack):
    """Opens the folders of outputs. The last one is kept open, as the next output mostly lies in it too."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger
        self._last: tuple[str, Directory] | None = None

    def open(self, path: str) -> Directory:
        """Return the folder at `path`, held open. Raises FolderMissing, and OSError."""
        if self._last is None or self._last[0] != path:
            self.release()
            folder = self._ledger.folders.find_folder(path)
            if folder is None:  # fileq never had an output in there
                raise FolderReplaced
            self._last = (path, self.enter_context(reopen_directory(folder.real_path, folder.device, folder.inode)))
        return self._last[1]

    def is_away(self, path: str) -> bool:
        """Return whether the drive of the folder at `path` is away: nothing can be removed there."""
        try:
            self.open(path)
        except DriveMissing:
            return True
        except (FolderMissing, OSError):
            return False
        return False

    @functools.cached_property
    def symlinked_sources(self) -> frozenset[str]:
        """The real paths of sources that jobs know by a link."""
        return find_symlinked_sources(self._ledger)

    def release(self) -> None:
        """Close the folder that is open."""
        self._last = None
        self.close()


def verify_output(ledger: Ledger, directories: DirectoryCache, output: RemovableOutput) -> OutputState:
    """Return what is found at an output's path. Raises OSError where that can't be said, or it could not be removed."""
    if not is_here(output.path):
        return OutputState.DRIVE_MISSING
    folder, name = os.path.split(output.path)
    try:
        directory = directories.open(folder)
        status = directory.lstat(name)
    except FolderMissing as missing:
        return _MISSING[type(missing)]
    if status is None:
        return OutputState.MISSING
    if not is_same_file(status, output.inode, output.version):
        return OutputState.CHANGED
    if _is_source(ledger, directories, directory, output, status):
        return OutputState.SOURCE
    if not directory.is_writable:
        raise PermissionError(errno.EACCES, "no permission", output.path)
    return OutputState.UNCHANGED


def _is_source(
    ledger: Ledger, directories: DirectoryCache, directory: Directory, output: RemovableOutput, status: os.stat_result
) -> bool:
    """Return whether the output is a source under another name: the ledger has looked for its own path already."""
    folder, name = os.path.split(output.path)
    if os.path.join(directory.path, name) in directories.symlinked_sources:
        return True
    if directory.path != folder and ledger.outputs.is_source(os.path.join(directory.path, name)):
        return True
    try:
        return os.path.samestat(os.stat(output.source), status)
    except OSError:
        return False


def find_symlinked_sources(ledger: Ledger) -> frozenset[str]:
    """Return the real paths of the sources that jobs know by a link: to the file, or to a folder above it.

    Each folder is listed once (measured: a second for a million sources in a thousand folders).
    """
    real_path = functools.cache(os.path.realpath)
    names_of_links = functools.cache(_names_of_links)
    found = set()
    for source in ledger.tombstones.iterate_sources():
        folder, name = os.path.split(source)
        if name in names_of_links(folder):
            found.add(os.path.realpath(source))
        elif real_path(folder) != folder:
            found.add(os.path.join(real_path(folder), name))
    return frozenset(found)


def _names_of_links(folder: str) -> frozenset[str]:
    """Return the names of the links in a folder; none where it can't be read, or is gone."""
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name for entry in entries if entry.is_symlink())
    except OSError:
        return frozenset()


def record_vanished_outputs(ledger: Ledger, now: float, stop: Callable[[], bool]) -> Counter[str]:
    """Record which published outputs are missing, and which are back; return how many are missing, by recipe.

    They are gone by no doing of fileq's, and are not made again: somebody may not want them.
    """
    counts: Counter[str] = Counter()
    last: str | None = None
    while not stop():
        outputs = ledger.standing_outputs.list_expected_outputs(after=last, limit=_AT_ONCE)
        if not outputs:
            break
        last = outputs[-1].path
        missing = [output for output in outputs if is_here(output.path) and not os.path.lexists(output.path)]
        back = [(output.path, output.version) for output in outputs if output.vanished and output not in missing]
        newly_missing = [(output.path, output.version) for output in missing if not output.vanished]
        ledger.standing_outputs.record_vanished(newly_missing, back, now)
        counts.update(output.recipe_name for output in missing)
    return counts

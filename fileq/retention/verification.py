"""Is an output still the file that fileq wrote? A look, which changes nothing."""

import errno
import functools
import os
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
from fileq.retention.symlinked_sources import linked_sources


class Found(Enum):
    """What stands at an output's path."""

    OURS = auto()
    CHANGED = auto()
    """Something else than what fileq wrote."""
    GONE = auto()
    AWAY = auto()
    """Nothing can be said: its drive isn't there."""
    SOURCE = auto()
    """What fileq wrote, and a source as well."""


_MISSING: dict[type[FolderMissing], Found] = {
    FolderRemoved: Found.GONE,
    DriveMissing: Found.AWAY,
    FolderReplaced: Found.CHANGED,
}


class Places(ExitStack):
    """The folders of outputs. The last one is kept open, as the next output mostly lies in it too."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger
        self._last: tuple[str, Directory] | None = None

    def at(self, path: str) -> Directory:
        """The folder at `path`. Raises FolderMissing, and OSError."""
        if self._last is None or self._last[0] != path:
            self.leave()
            folder = self._ledger.folders.find_folder(path)
            if folder is None:  # fileq never had an output in there
                raise FolderReplaced
            self._last = (path, self.enter_context(reopen_directory(folder.real, folder.device, folder.inode)))
        return self._last[1]

    @functools.cached_property
    def linked(self) -> frozenset[str]:
        """The real paths of sources that jobs know by a link."""
        return linked_sources(self._ledger)

    def leave(self) -> None:
        """The next one is to be looked at anew."""
        self._last = None
        self.close()


def look(ledger: Ledger, places: Places, output: RemovableOutput) -> Found:
    """Raises OSError where that can't be said, or where the file could not be removed."""
    folder, name = os.path.split(output.path)
    try:
        place = places.at(folder)
        status = place.lstat(name)
    except FolderMissing as missing:
        return _MISSING[type(missing)]
    if status is None:
        return Found.GONE
    if not is_same_file(status, output.inode, output.version):
        return Found.CHANGED
    if _is_source(ledger, places, place, output, status):
        return Found.SOURCE
    if not place.is_writable:
        raise PermissionError(errno.EACCES, "no permission", output.path)
    return Found.OURS


def _is_source(
    ledger: Ledger, places: Places, place: Directory, output: RemovableOutput, status: os.stat_result
) -> bool:
    """Under another name: the ledger has looked for sources by the output's own path already."""
    folder, name = os.path.split(output.path)
    if os.path.join(place.path, name) in places.linked:
        return True
    if place.path != folder and ledger.outputs.is_source(os.path.join(place.path, name)):
        return True
    try:
        return os.path.samestat(os.stat(output.source), status)
    except OSError:
        return False

"""A scan: everything that is in a watched folder now. The truth, where events are hints.

Its memory doesn't grow with the number of files. It follows no link to a folder, so no link leads it in circles.
"""

import os
import stat
from collections.abc import Iterator

from fileq.intake import Arrival
from fileq.sources import Source, is_ignored
from fileq.watch.folder import Folder


class Scan:
    """One scan of a folder, or of a sub-folder: iterate over it, a piece at a time as you like.

    Raises OSError, while it is iterated over, where the folder itself can't be read.
    """

    def __init__(self, folder: Folder, start: str | None = None) -> None:
        self.folders = 0
        self.problems: list[str] = []
        self._folder = folder
        self._start = start or folder.path

    def __iter__(self) -> Iterator[Arrival]:
        folders = [self._start]
        while folders:
            yield from self._files(folders.pop(), folders)

    def _files(self, path: str, folders: list[str]) -> Iterator[Arrival]:
        top = self._folder.path
        relative = os.path.relpath(path, top) if path != top else ""
        try:
            with os.scandir(path) as entries:
                self.folders += 1
                for entry in entries:
                    if is_ignored(entry.name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        if self._folder.recursive and entry.path not in self._folder.skipped:
                            folders.append(entry.path)
                    elif self._folder.matches(entry.name):
                        yield from self._file(entry, path, relative)
        except OSError as error:
            if path == top:
                raise
            self.problems.append(f"{path}: {error.strerror}")

    def _file(self, entry: os.DirEntry[str], path: str, relative: str) -> Iterator[Arrival]:
        try:
            status = entry.stat()
        except OSError as error:  # it vanished, or it is a link to nothing
            self.problems.append(f"{entry.path}: {error.strerror}")
            return
        if stat.S_ISREG(status.st_mode):
            source = Source(entry.path, entry.name, path, relative, status.st_size, status.st_mtime_ns, named=False)
            yield Arrival(source, status.st_ino)

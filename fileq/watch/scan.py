"""A scan: everything that is in a watched folder now. The truth, where events are hints.

Its memory doesn't grow with the number of files. It follows no link to a folder, so no link leads it in circles.
"""

import os
import stat
import time
from collections.abc import Iterator

from fileq.files.directory import FolderMissing
from fileq.sources import SourceFile, is_ignored
from fileq.watch.folder import WatchSpec
from fileq.watch.links import FRESH, LinkRefused, RefusedLinks, check_link


class Scan:
    """One scan of a folder, or of a sub-folder: iterate over it, a piece at a time as you like.

    Raises OSError, while it is iterated over, where the folder itself can't be read.
    """

    def __init__(self, folder: WatchSpec, start: str | None = None) -> None:
        self.folder_count = 0
        self.problems: list[str] = []
        self.refused_links = RefusedLinks()
        self._spec = folder
        self._real = os.path.realpath(folder.path)
        self._start = start or folder.path

    def __iter__(self) -> Iterator[SourceFile]:
        folders = [self._start]
        while folders:
            yield from self._files(folders.pop(), folders)

    def _files(self, path: str, folders: list[str]) -> Iterator[SourceFile]:
        top = self._spec.path
        relative = os.path.relpath(path, top) if path != top else ""
        try:
            with os.scandir(path) as entries:
                self.folder_count += 1
                for entry in entries:
                    if is_ignored(entry.name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        if self._spec.recursive and entry.path not in self._spec.skipped:
                            folders.append(entry.path)
                    elif self._spec.matches(entry.name):
                        yield from self._file(entry, path, relative)
        except OSError as error:
            if path == top:
                raise
            self.problems.append(f"{path}: {error.strerror}")

    def _file(self, entry: os.DirEntry[str], path: str, relative: str) -> Iterator[SourceFile]:
        try:
            status = entry.stat()
        except OSError as error:  # it vanished, or it is a link to nothing
            self.problems.append(f"{entry.path}: {error.strerror}")
            return
        if stat.S_ISREG(status.st_mode) and not self._is_refused(entry, status):
            yield SourceFile(
                path=entry.path, name=entry.name, folder=path, relative=relative, size=status.st_size,
                mtime_ns=status.st_mtime_ns, inode=status.st_ino,
            )  # fmt: skip

    def _is_refused(self, entry: os.DirEntry[str], status: os.stat_result) -> bool:
        """Whether it is a link that the watch leaves alone. It is looked at again before it is taken."""
        if self._spec.follow_links or not (entry.is_symlink() or _has_names(status)):
            return False
        try:
            check_link(entry.path, self._real)
        except LinkRefused as refused:
            self.refused_links.add(entry.path, refused.kind)
            return True
        except (FolderMissing, OSError):
            return False
        return False


def _has_names(status: os.stat_result) -> bool:
    """Whether the file has several names, and not only for the moment."""
    return status.st_nlink > 1 and abs(time.time() - status.st_ctime) > FRESH

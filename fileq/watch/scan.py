"""Scans: everything that is in a watched folder now. The truth, where events are hints.

A scan's memory doesn't grow with the number of files. It follows no link to a folder, so no link leads it in circles.
"""

import os
import stat
import time
from collections import deque
from collections.abc import Iterator
from itertools import islice

from fileq.errors import LedgerError
from fileq.files.directory import FolderMissing
from fileq.intake.watch_intake import WatchIntake
from fileq.sources import SourceFile, is_ignored
from fileq.watch.links import FRESH, LinkRefused, RefusedLinks, check_link
from fileq.watch.specification import WatchSpec

_AT_ONCE = 64
"""Files between two looks at the clock."""

_RETRY = 1.0


class Scan:
    """One scan of a folder, or of a sub-folder: iterate over it, a piece at a time as you like.

    Raises OSError, while it is iterated over, where the folder itself can't be read.
    """

    def __init__(self, spec: WatchSpec, start: str | None = None) -> None:
        self.folder_count = 0
        self.problems: list[str] = []
        self.barred: list[str] = []
        """Those of the problems that somebody has to change permissions for."""
        self.refused_links = RefusedLinks()
        self._spec = spec
        self._real_path = os.path.realpath(spec.path)
        self._start = start or spec.path

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
                        if self._spec.recursive and not self._spec.holds_outputs(entry.path):
                            folders.append(entry.path)
                    elif self._spec.matches(entry.name):
                        yield from self._file(entry, path, relative)
        except OSError as error:
            if path == top:
                raise
            self._note(path, error)

    def _note(self, path: str, error: OSError) -> None:
        problem = f"{path}: {error.strerror}"
        self.problems.append(problem)
        if isinstance(error, PermissionError):
            self.barred.append(problem)

    def _file(self, entry: os.DirEntry[str], path: str, relative: str) -> Iterator[SourceFile]:
        try:
            status = entry.stat()
        except OSError as error:  # it vanished, or it is a link to nothing
            self._note(entry.path, error)
            return
        if stat.S_ISREG(status.st_mode) and not self._is_refused(entry, status):
            yield SourceFile(
                path=entry.path, name=entry.name, folder=path, relative=relative, size=status.st_size,
                mtime_ns=status.st_mtime_ns, inode=status.st_ino,
            )  # fmt: skip

    def _is_refused(self, entry: os.DirEntry[str], status: os.stat_result) -> bool:
        """Whether a file is a link that the watch leaves alone. It is looked at again before it is taken."""
        if self._spec.follow_links or not (entry.is_symlink() or _has_several_names(status)):
            return False
        try:
            check_link(entry.path, self._real_path)
        except LinkRefused as refused:
            self.refused_links.add(entry.path, refused.kind)
            return True
        except (FolderMissing, OSError):
            return False
        return False


def _has_several_names(status: os.stat_result) -> bool:
    """Whether the file has several names, and not only for the moment."""
    return status.st_nlink > 1 and abs(time.time() - status.st_ctime) > FRESH


class Rescan:
    """The scans of one watched folder, a piece at a time: what is in it now, and what of that is new.

    `last_ended_at` is when the last scan ended, in seconds since the epoch, `last_seconds` how long it took. `overrun`
    says that more came than is kept: a scan is to find it.
    """

    def __init__(self, spec: WatchSpec, intake: WatchIntake) -> None:
        self.overrun = False
        self.last_ended_at: float | None = None
        self.last_seconds: float | None = None
        self.last_scan: Scan | None = None
        self._spec = spec
        self._intake = intake
        self._scan: Scan | None = None
        self._files: Iterator[SourceFile] = iter(())
        self._catching_up = False
        self._seconds_taken = 0.0
        self._begins_at = 0.0
        self._new_folders: deque[str] = deque()

    def begin(self, *, catching_up: bool) -> None:
        """Begin a scan of the whole folder; `catching_up` where events could not tell what is found."""
        self._scan = Scan(self._spec)
        self._files = iter(self._scan)
        self._catching_up, self.overrun, self._seconds_taken = catching_up, False, 0.0

    def cancel(self) -> None:
        """Leave off, of sub-folders that have come too."""
        self._scan = None
        self._new_folders.clear()

    def schedule_at(self, moment: float) -> None:
        """Have the next scan begin at a moment, in monotonic seconds."""
        self._begins_at = moment

    def is_due(self, now: float) -> bool:
        """Return whether a scan is to begin."""
        return self._scan is None and (now >= self._begins_at or self.overrun)

    @property
    def is_running(self) -> bool:
        """Return whether something is left to scan."""
        return self._scan is not None or bool(self._new_folders)

    def add_folder(self, path: str) -> None:
        """Have a sub-folder scanned that has come: what is in it may have come before anybody listened."""
        self._new_folders.append(path)

    @property
    def folder_count(self) -> int:
        """Return how many folders the last scan went through."""
        return self.last_scan.folder_count if self.last_scan else 0

    def advance(self, now: float, seconds: float) -> Iterator[tuple[SourceFile, bool]]:
        """Go on for so many seconds: yield new files, each with whether the scan had to find it.

        `last_scan` is another one where a scan has ended. Raises LedgerError, and then begins again soon; OSError where
        the folder can't be read.
        """
        begun = time.monotonic()
        try:
            while self._new_folders and time.monotonic() - begun < seconds:
                files = list(Scan(self._spec, self._new_folders.popleft()))
                yield from ((one, True) for one in self._intake.find_new(files))
            while self._scan is not None and time.monotonic() - begun < seconds:
                some = list(islice(self._files, _AT_ONCE))
                yield from ((one, self._catching_up) for one in self._intake.find_new(some))
                if len(some) < _AT_ONCE:
                    self._end(self._seconds_taken + time.monotonic() - begun)
        except LedgerError:
            self._scan, self._begins_at = None, now + _RETRY
            raise
        self._seconds_taken += time.monotonic() - begun

    def _end(self, took: float) -> None:
        self.last_scan, self._scan = self._scan, None
        self.last_ended_at, self.last_seconds = time.time(), round(took, 3)

"""The files of which it is not known yet that they are complete, and when to probe each."""

import heapq
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from fileq.ledger.tables.sources.watches import WaitingFile
from fileq.watch.stability import QUIET, FileHistory

if TYPE_CHECKING:
    from fileq.watch.watched_folder import WatchedFolder

MAX_FILES = 100_000
"""With more than that, they are dropped and scanned for."""

_SHOWN_AFTER = 1.0
_MOST_SHOWN = 20


class UnsettledFile(FileHistory):
    """A file that may not be complete: how it was found (`by_event`, `caught_up`), and whether people were warned."""

    __slots__ = ("by_event", "caught_up", "folder", "next_probe_at", "path", "warned")

    def __init__(self, path: str, folder: "WatchedFolder", now: float) -> None:
        super().__init__(now)
        self.path = path
        self.folder = folder
        self.next_probe_at = 0.0
        self.by_event = False
        self.caught_up = False
        self.warned = False


class UnsettledFiles:
    """All unsettled files, by path. Memory is all they cost: about 300 bytes each. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._by_path: dict[str, UnsettledFile] = {}
        self._due: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._by_path)

    def add_by_event(self, path: str, folder: "WatchedFolder", now: float) -> None:
        """Add a file to which something happened, as an event says."""
        file = self._at(path, folder, now)
        file.by_event = True
        file.event_at = now
        file.probes = 0
        self.schedule_probe(file, now + QUIET)

    def __contains__(self, path: str) -> bool:
        return path in self._by_path

    def add_by_scan(self, path: str, folder: "WatchedFolder", now: float, *, caught_up: bool) -> None:
        """Add a file that a scan found; `caught_up`: one that had to find what came before anybody watched."""
        if path not in self._by_path:
            file = self._at(path, folder, now)
            file.caught_up = caught_up
            self.schedule_probe(file, now + QUIET)

    def _at(self, path: str, folder: "WatchedFolder", now: float) -> UnsettledFile:
        file = self._by_path.get(path)
        if file is None:
            file = self._by_path[path] = UnsettledFile(path, folder, now)
        return file

    def schedule_probe(self, file: UnsettledFile, moment: float) -> None:
        """Have a file probed at a moment."""
        if file.next_probe_at != moment:
            file.next_probe_at = moment
            heapq.heappush(self._due, (moment, file.path))

    def discard(self, path: str) -> None:
        """Drop a file, if it is one of these."""
        self._by_path.pop(path, None)

    def discard_folder(self, folder: "WatchedFolder") -> None:
        """Drop all files of a watched folder."""
        for path in [path for path, file in self._by_path.items() if file.folder is folder]:
            del self._by_path[path]

    def take_due(self, now: float, limit: int) -> list[UnsettledFile]:
        """Return files that are to be probed by now; each must then be discarded, or scheduled anew."""
        return list(islice(self._all_due(now), limit))

    def _all_due(self, now: float) -> Iterator[UnsettledFile]:
        while self._due and self._due[0][0] <= now:
            moment, path = heapq.heappop(self._due)
            file = self._by_path.get(path)
            if file is not None and file.next_probe_at == moment:
                yield file

    @property
    def next_probe_at(self) -> float | None:
        """Return when the next file is to be probed; None where there is none."""
        return self._due[0][0] if self._due else None

    def __iter__(self) -> Iterator[UnsettledFile]:
        return iter(self._by_path.values())

    def list_waiting(self, now: float) -> dict["WatchedFolder", list[WaitingFile]]:
        """Return the files of each watched folder that have been waiting for a while."""
        waiting: dict[WatchedFolder, list[WaitingFile]] = {}
        for file in self._by_path.values():
            if now - file.first_at >= _SHOWN_AFTER:
                shown = WaitingFile(file.path, file.reason, round(now - file.first_at, 1))
                waiting.setdefault(file.folder, []).append(shown)
        return waiting


def longest_waiting(files: Iterable[WaitingFile]) -> tuple[WaitingFile, ...]:
    """Return the files that have been waiting for longest, the longest first: a few, to be shown."""
    return tuple(sorted(files, key=lambda file: -file.seconds)[:_MOST_SHOWN])

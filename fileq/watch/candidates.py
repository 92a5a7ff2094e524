"""The files that may be complete or not, and when to look at each."""

import heapq
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from fileq.watch.folder import Waiting
from fileq.watch.stability import QUIET, FileHistory

if TYPE_CHECKING:
    from fileq.watch.watched_folder import WatchedFolder

MAX_FILES = 100_000
"""With more than that, they are dropped and scanned for."""

_SHOWN_AFTER = 1.0


class UnsettledFile(FileHistory):
    __slots__ = ("by_event", "caught_up", "folder", "next_probe_at", "path", "warned")

    def __init__(self, path: str, root: "WatchedFolder", now: float) -> None:
        super().__init__(now)
        self.path = path
        self.folder = root
        self.next_probe_at = 0.0
        self.by_event = False
        self.caught_up = False
        self.warned = False


class UnsettledFiles:
    """By path. Memory is all they cost: about 300 bytes each."""

    def __init__(self) -> None:
        self._by_path: dict[str, UnsettledFile] = {}
        self._due: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._by_path)

    def add_by_event(self, path: str, root: "WatchedFolder", now: float) -> None:
        """An event says that something happened to it."""
        candidate = self._at(path, root, now)
        candidate.by_event = True
        candidate.event_at = now
        candidate.probes = 0
        self.schedule_probe(candidate, now + QUIET)

    def __contains__(self, path: str) -> bool:
        return path in self._by_path

    def add_by_scan(self, path: str, root: "WatchedFolder", now: float, *, caught_up: bool) -> None:
        """A scan found it; `caught_up`: one that had to find what came before anybody watched."""
        if path not in self._by_path:
            candidate = self._at(path, root, now)
            candidate.caught_up = caught_up
            self.schedule_probe(candidate, now + QUIET)

    def _at(self, path: str, root: "WatchedFolder", now: float) -> UnsettledFile:
        candidate = self._by_path.get(path)
        if candidate is None:
            candidate = self._by_path[path] = UnsettledFile(path, root, now)
        return candidate

    def schedule_probe(self, candidate: UnsettledFile, moment: float) -> None:
        if candidate.next_probe_at != moment:
            candidate.next_probe_at = moment
            heapq.heappush(self._due, (moment, candidate.path))

    def discard(self, path: str) -> None:
        self._by_path.pop(path, None)

    def discard_folder(self, root: "WatchedFolder") -> None:
        for path in [path for path, candidate in self._by_path.items() if candidate.folder is root]:
            del self._by_path[path]

    def list_due(self, now: float, most: int) -> list[UnsettledFile]:
        """Those that are to be looked at by now; each must then be dropped, or looked at later."""
        return list(islice(self._all_due(now), most))

    def _all_due(self, now: float) -> Iterator[UnsettledFile]:
        while self._due and self._due[0][0] <= now:
            moment, path = heapq.heappop(self._due)
            candidate = self._by_path.get(path)
            if candidate is not None and candidate.next_probe_at == moment:
                yield candidate

    @property
    def next_probe_at(self) -> float | None:
        """When the next one is to be looked at."""
        return self._due[0][0] if self._due else None

    def __iter__(self) -> Iterator[UnsettledFile]:
        return iter(self._by_path.values())

    def list_waiting(self, now: float) -> dict["WatchedFolder", list[Waiting]]:
        """Of each root, those that have been waiting for a while, the longest first."""
        waiting: dict[WatchedFolder, list[Waiting]] = {}
        for candidate in self._by_path.values():
            if now - candidate.first_at >= _SHOWN_AFTER:
                told = Waiting(candidate.path, candidate.reason, round(now - candidate.first_at, 1))
                waiting.setdefault(candidate.folder, []).append(told)
        return waiting

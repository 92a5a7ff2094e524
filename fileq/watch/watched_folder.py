"""One watched folder: its observer, its scans, and the one way to recover, which is both anew."""

import os
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

from fileq.intake import WatchIntake
from fileq.sources import SourceFile
from fileq.watch.backoff import Backoff
from fileq.watch.folder import PollMode, Standing, Waiting, WatchSpec, WatchState, longest
from fileq.watch.links import RefusedLinks
from fileq.watch.mounts import lacks_events
from fileq.watch.observer import LIMITS, FolderObserver, describe_limit, resolve_folder
from fileq.watch.rescan import Rescan
from fileq.watch.stability import ProbedFile

_ON_A_NETWORK = 5.0
"""Seconds for which nothing must change there: what others write comes in pieces."""

_RETRY = 1.0
_RECONCILE = 60.0
_SELDOMEST = 3600.0
_SHARE_OF_TIME = 60.0
"""A scan follows another after so many times as long as that took; while polling after 5 times."""
_SHARE_WHILE_POLLING = 5.0
_SECOND_COUNT = 2.0


class WatchedFolder:
    """A folder, watched. Only the coordinator's thread touches it."""

    def __init__(self, folder: WatchSpec, watch: int, intake: WatchIntake, hints: SimpleQueue[Any]) -> None:
        self.spec = folder
        self.watch_id = watch
        self.intake = intake
        self.state = WatchState.OFFLINE
        self.problem = ""
        self.queued = self.missed = self.rebuilt = 0
        self.observer: FolderObserver | None = None
        self.rescan = Rescan(folder, intake)
        self.refused_links = RefusedLinks()
        self._links_told = False
        self._hints = hints
        self._backoff = Backoff()
        self._retry_at = 0.0
        self._identity = (0, 0)
        self._real = folder.path
        self._silent = self._polls = False
        self._suspects = False
        self._covered: dict[str, bool] = {}

    def tick(self, now: float) -> str:
        """Look after it, about once a second. The answer is what was wrong, "" where nothing was."""
        if self.state is WatchState.OFFLINE:
            return self._open(now) if now >= self._retry_at else ""
        if trouble := self._trouble():
            return self.rebuild(trouble, now)
        if self.rescan.is_due(now):
            self.rescan.begin(catching_up=self.rescan.overrun or self._polls)
        return ""

    def _open(self, now: float) -> str:
        """First the observer, then the scan: what comes in between is seen twice, and never not at all."""
        try:
            status = os.stat(self.spec.path)
            os.scandir(self.spec.path).close()
        except OSError as error:
            return self._go_offline(f"it can't be read: {error.strerror}", now)
        self._identity = (status.st_dev, status.st_ino)
        self._real = resolve_folder(self.spec.path)
        self._silent = lacks_events(self._real)
        self._polls = self.spec.poll is PollMode.ALWAYS or (self.spec.poll is PollMode.AUTO and self._silent)
        self.problem = ""
        if not self._polls:
            self._observe()
        self.state = WatchState.CATCHING_UP
        self.rescan.begin(catching_up=True)
        return self.problem

    def _observe(self) -> None:
        try:
            self.observer = FolderObserver(self._real, self._hints, recursive=self.spec.recursive)
        except OSError as error:
            self._polls = True
            limit = LIMITS.get(error.errno or 0)
            self.problem = describe_limit(limit) if limit else f"events can't be had: {error.strerror}"

    def _go_offline(self, problem: str, now: float) -> str:
        """Conclude nothing, and come back when it does."""
        news = "" if (self.state, self.problem) == (WatchState.OFFLINE, problem) else problem
        self._leave()
        self.state, self.problem = WatchState.OFFLINE, problem
        self._retry_at = now + _RETRY
        return news

    def _leave(self) -> None:
        if self.observer is not None:
            self.observer.abandon()
            self.observer = None
        self.rescan.cancel()

    def close(self) -> None:
        self._leave()
        self.state = WatchState.STOPPED

    def rebuild(self, trouble: str, now: float) -> str:
        """The one way to recover: another observer, then a scan."""
        self._leave()
        self.rebuilt += 1
        wait = self._backoff.next(now)
        if not wait:
            return self._open(now) or trouble
        self.state, self.problem = WatchState.OFFLINE, f"{trouble}; watched anew in {wait:.0f} s"
        self._retry_at = now + wait
        return trouble

    def _trouble(self) -> str:
        try:
            status = os.stat(self.spec.path)
        except OSError:
            return "the folder is gone"
        if (status.st_dev, status.st_ino) != self._identity:
            return "another folder stands in its place"
        return self.observer.trouble if self.observer else ""

    def add_subfolder(self, path: str) -> None:
        """A folder has come into it."""
        if self.covers(path):
            self.rescan.add_folder(path)

    @property
    def has_caught_up(self) -> bool:
        """Whether a scan has gone through it since it was opened."""
        return not self.rescan.is_running and self.state in (WatchState.EVENTS, WatchState.POLLING)

    def advance(self, now: float, seconds: float) -> Iterator[tuple[SourceFile, bool]]:
        """Go on with the scans for so long: new files, each with whether a scan had to find it. Raises LedgerError."""
        before = self.rescan.last_scan
        try:
            yield from self.rescan.advance(now, seconds)
        except OSError as error:
            self._go_offline(f"it can't be read: {error.strerror}", now)
        if self.rescan.last_scan is not before:
            self._end_scan(now)

    def _end_scan(self, now: float) -> None:
        self.state = WatchState.POLLING if self._polls else WatchState.EVENTS
        if self.rescan.last_scan:
            self.refused_links = self.rescan.last_scan.refused_links
        problems = self.rescan.last_scan.problems if self.rescan.last_scan else []
        if problems:
            self.problem = problems[0] + (f" and {len(problems) - 1} more" if problems[1:] else "")
        self.rescan.schedule_at(now + self._pause())
        self._count_watches(now)

    def _pause(self) -> float:
        took = self.rescan.last_seconds or 0.0
        if self._polls or (self.observer and self.observer.limit_reached):
            return max(self.spec.interval, _SHARE_WHILE_POLLING * took)
        return min(_SELDOMEST, max(_RECONCILE, _SHARE_OF_TIME * took))

    def _count_watches(self, now: float) -> None:
        """Each folder needs a watch. With fewer, and again so after a moment, something went wrong unheard."""
        if self.observer is None or self.observer.watches is None or not self.spec.recursive:
            return
        if self.observer.limit_reached:
            self.problem = describe_limit("max_user_watches")
        elif self.observer.watches >= self.rescan.folder_count:
            self._suspects = False
        elif not self._suspects:
            self._suspects = True
            self.rescan.schedule_at(now + _SECOND_COUNT)
        else:
            self._suspects = False
            self.rebuild("some of its folders were not watched", now)

    def report_missed(self, count: int, now: float) -> str:
        """A scan had to find what events should have told."""
        if self.observer is None or self.observer.limit_reached:
            return ""
        self.missed += count
        return self.rebuild(f"events did not tell of {count} file{'s' * (count > 1)}", now)

    def take_links_notice(self) -> str:
        """Return that links are left alone, once, when it is known how many; else ""."""
        if self._links_told or not self.refused_links or not self.has_caught_up:
            return ""
        self._links_told = True
        return self.refused_links.describe()

    @property
    def real_path(self) -> str:
        """The folder's path without links."""
        return self._real

    def translate_path(self, path: str) -> str:
        """A path that an event told, as it is below the folder's own name, which may be a link."""
        return self.spec.path + path[len(self._real) :] if path.startswith(self._real) else path

    def covers(self, path: str) -> bool:
        if len(self._covered) > 10_000:
            self._covered.clear()
        if path not in self._covered:
            self._covered[path] = self.spec.covers(path)
        return self._covered[path]

    @property
    def settle(self) -> float:
        return max(self.spec.settle, _ON_A_NETWORK) if self._silent else self.spec.settle

    def mask_probe(self, look: ProbedFile) -> ProbedFile:
        """A look, without what can't be known here: who writes to it on another machine."""
        return look._replace(open=None) if self._silent else look

    def status(self, waiting: list[Waiting]) -> Standing:
        return Standing(
            self.spec.path, self.state, self.problem, self.queued, len(waiting), longest(waiting), self.missed,
            self.rebuilt, self.rescan.last_ended_at, self.rescan.last_seconds, self.rescan.folder_count,
            self.observer.watches if self.observer else None, self.refused_links.count_by_kind(),
        )  # fmt: skip

"""One watched folder: its observer, its scans, and the one way to recover, which is both anew."""

import os
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import msgspec

from fileq.intake.watch_intake import WatchIntake
from fileq.ledger.tables.sources.watches import WaitingFile, WatchState, WatchStatus
from fileq.sources import SourceFile
from fileq.units import describe_count
from fileq.watch.links import RefusedLinks
from fileq.watch.observer import LIMITS, FolderObserver, describe_limit, lacks_events, resolve_folder
from fileq.watch.scan import Rescan
from fileq.watch.specification import PollMode, WatchSpec
from fileq.watch.stability import ProbedFile
from fileq.watch.unsettled_files import longest_waiting

_ON_A_NETWORK = 5.0
"""Seconds for which nothing must change there: what others write comes in pieces."""

_RETRY = 1.0

_SCAN_INTERVAL = 60.0
_LONGEST_SCAN_INTERVAL = 3600.0
_SHARE_OF_TIME = 60.0
"""A scan follows another after so many times as long as that took; while polling after 5 times."""
_SHARE_WHILE_POLLING = 5.0
_SECOND_COUNT = 2.0

_TRIES_AT_ONCE = 3
_LONGEST_BACKOFF = 60.0
_PEACE = 300.0
"""Seconds without trouble after which the next one is the first again."""


class Backoff:
    """How long to wait before the next try: 0, 0, 0, then 1 second, doubled up to 60."""

    def __init__(self) -> None:
        self._troubles = 0
        self._last = 0.0

    def next(self, now: float) -> float:
        """Return in how many seconds to try, as there is trouble again. `now` is in seconds."""
        if now - self._last > _PEACE:
            self._troubles = 0
        self._troubles += 1
        self._last = now
        if self._troubles <= _TRIES_AT_ONCE:
            return 0.0
        return min(_LONGEST_BACKOFF, 2.0 ** (self._troubles - _TRIES_AT_ONCE - 1))


class WatchedFolder:
    """A folder that is watched. Only the watcher's thread touches it. Times are of the monotonic clock, in seconds.

    `queued`, `missed` and `rebuilt` count: files, files that only a scan had found, and how often it was watched anew.
    """

    def __init__(self, spec: WatchSpec, watch_id: int, intake: WatchIntake, hints: SimpleQueue[Any]) -> None:
        self.spec = spec
        self.watch_id = watch_id
        self.intake = intake
        self.state = WatchState.OFFLINE
        self.problem = ""
        self.queued = self.missed = self.rebuilt = 0
        self.observer: FolderObserver | None = None
        self.rescan = Rescan(spec, intake)
        self.refused_links = RefusedLinks()
        self._links_told = False
        self._hints = hints
        self._backoff = Backoff()
        self._retry_at = 0.0
        self._identity = (0, 0)
        self._real_path = spec.path
        self._lacks_events = self._is_polling = False
        self._is_suspect = False
        self._covered: dict[str, bool] = {}

    def tick(self, now: float) -> str:
        """Look after the folder, about once a second. Return what was wrong; "" where nothing was."""
        if self.state is WatchState.OFFLINE:
            return self._open(now) if now >= self._retry_at else ""
        if trouble := self._trouble():
            return self.rebuild(trouble, now)
        if self.rescan.is_due(now):
            self.rescan.begin(catching_up=self.rescan.overrun or self._is_polling)
        return ""

    def _open(self, now: float) -> str:
        """First the observer, then the scan: what comes in between is seen twice, and never not at all."""
        try:
            status = os.stat(self.spec.path)
            os.scandir(self.spec.path).close()
        except OSError as error:
            return self._go_offline(f"it can't be read: {error.strerror}", now)
        self._identity = (status.st_dev, status.st_ino)
        self._real_path = resolve_folder(self.spec.path)
        self._lacks_events = lacks_events(self._real_path)
        self._is_polling = self.spec.poll is PollMode.ALWAYS or (self.spec.poll is PollMode.AUTO and self._lacks_events)
        self.problem = ""
        if not self._is_polling:
            self._observe()
        self.state = WatchState.CATCHING_UP
        self.rescan.begin(catching_up=True)
        return self.problem

    def _observe(self) -> None:
        try:
            self.observer = FolderObserver(self._real_path, self._hints, recursive=self.spec.recursive)
        except OSError as error:
            self._is_polling = True
            limit = LIMITS.get(error.errno or 0)
            self.problem = describe_limit(limit) if limit else f"the system gives no events: {error.strerror}"

    def _go_offline(self, problem: str, now: float) -> str:
        """Watch no more until the folder can be read again; conclude nothing of its files meanwhile.

        Returns the problem where it is new; else "".
        """
        new_problem = "" if (self.state, self.problem) == (WatchState.OFFLINE, problem) else problem
        self._abandon()
        self.state, self.problem = WatchState.OFFLINE, problem
        self._retry_at = now + _RETRY
        return new_problem

    def _abandon(self) -> None:
        if self.observer is not None:
            self.observer.abandon()
            self.observer = None
        self.rescan.cancel()

    def close(self) -> None:
        """Stop watching the folder."""
        self._abandon()
        self.state = WatchState.STOPPED

    def rebuild(self, trouble: str, now: float) -> str:
        """Recover in the one way there is: another observer, then a scan. Return what was wrong."""
        self._abandon()
        self.rebuilt += 1
        wait = self._backoff.next(now)
        if not wait:
            return self._open(now) or trouble
        self.state, self.problem = WatchState.OFFLINE, f"{trouble}; watched again in {wait:.0f} s"
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
        """Have a folder scanned that has come into this one."""
        if self.covers(path):
            self.rescan.add_folder(path)

    @property
    def has_caught_up(self) -> bool:
        """Return whether a scan has gone through the folder since it was opened."""
        return not self.rescan.is_running and self.state in (WatchState.EVENTS, WatchState.POLLING)

    def advance(self, now: float, seconds: float) -> Iterator[tuple[SourceFile, bool]]:
        """Go on with the scans for so many seconds: yield new files, each with whether a scan had to find it.

        Raises LedgerError.
        """
        before = self.rescan.last_scan
        try:
            yield from self.rescan.advance(now, seconds)
        except OSError as error:
            self._go_offline(f"it can't be read: {error.strerror}", now)
        if self.rescan.last_scan is not before:
            self._end_scan(now)

    def _end_scan(self, now: float) -> None:
        self.state = WatchState.POLLING if self._is_polling else WatchState.EVENTS
        if self.rescan.last_scan:
            self.refused_links = self.rescan.last_scan.refused_links
        problems = self.rescan.last_scan.problems if self.rescan.last_scan else []
        if problems:
            self.problem = problems[0] + (f" and {len(problems) - 1} more" if problems[1:] else "")
        self.rescan.schedule_at(now + self._pause())
        self._count_watches(now)

    def _pause(self) -> float:
        took = self.rescan.last_seconds or 0.0
        if self._is_polling or (self.observer and self.observer.limit_reached):
            return max(self.spec.interval, _SHARE_WHILE_POLLING * took)
        return min(_LONGEST_SCAN_INTERVAL, max(_SCAN_INTERVAL, _SHARE_OF_TIME * took))

    def _count_watches(self, now: float) -> None:
        """Each folder needs a watch. With fewer, and again so after a moment, something went wrong unheard."""
        if self.observer is None or self.observer.watches is None or not self.spec.recursive:
            return
        if self.observer.limit_reached:
            self.problem = describe_limit("max_user_watches")
        elif self.observer.watches >= self.rescan.folder_count:
            self._is_suspect = False
        elif not self._is_suspect:
            self._is_suspect = True
            self.rescan.schedule_at(now + _SECOND_COUNT)
        else:
            self._is_suspect = False
            self.rebuild("some of its folders were not watched", now)

    def report_missed(self, count: int, now: float) -> str:
        """Take note of files that a scan had to find, as no event told of them. Return what was wrong."""
        if self.observer is None or self.observer.limit_reached:
            return ""
        self.missed += count
        return self.rebuild(f"the system's events missed {describe_count(count, 'file')}", now)

    def take_links_notice(self) -> str:
        """Return that links are left alone, once, when it is known how many; else ""."""
        if self._links_told or not self.refused_links or not self.has_caught_up:
            return ""
        self._links_told = True
        return self.refused_links.describe()

    @property
    def real_path(self) -> str:
        """Return the folder's path without links."""
        return self._real_path

    def translate_path(self, path: str) -> str:
        """Return a path that an event told as it is below the folder's own name, which may be a link."""
        return self.spec.path + path[len(self._real_path) :] if path.startswith(self._real_path) else path

    def covers(self, path: str) -> bool:
        """Return whether what lies in the folder at `path` belongs to the watch."""
        if len(self._covered) > 10_000:
            self._covered.clear()
        if path not in self._covered:
            self._covered[path] = self.spec.covers(path)
        return self._covered[path]

    @property
    def settle(self) -> float:
        """Return for how many seconds a file must not have changed, where nothing else says that it is complete."""
        return max(self.spec.settle, _ON_A_NETWORK) if self._lacks_events else self.spec.settle

    def mask_probe(self, probed: ProbedFile) -> ProbedFile:
        """Return a file without what can't be known here: who writes to it on another machine."""
        return msgspec.structs.replace(probed, is_open=None) if self._lacks_events else probed

    def status(self, waiting: list[WaitingFile]) -> WatchStatus:
        """Return the status of the folder, in which these files are not complete yet."""
        return WatchStatus(
            path=self.spec.path,
            state=self.state,
            problem=self.problem,
            queued=self.queued,
            waiting=len(waiting),
            longest=longest_waiting(waiting),
            missed=self.missed,
            rebuilt=self.rebuilt,
            last_scan_at=self.rescan.last_ended_at,
            last_scan_seconds=self.rescan.last_seconds,
            folders=self.rescan.folder_count,
            watches=self.observer.watches if self.observer else None,
            left_alone=self.refused_links.count_by_kind(),
        )

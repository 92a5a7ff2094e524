"""The coordinator: the one thread that decides. Events and scans are hints to it, the ledger knows what is new."""

import os
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from watchdog.events import FileSystemEvent, FileSystemMovedEvent

from fileq.errors import DatabaseReplaced, FileqError, LedgerError
from fileq.intake import WatchIntake
from fileq.ledger import Ledger
from fileq.sources import is_ignored
from fileq.watch.candidates import MAX_FILES, UnsettledFile, UnsettledFiles
from fileq.watch.collector import Collector
from fileq.watch.folder import WatchSpec, WatchState
from fileq.watch.listener import WatchListener
from fileq.watch.observer import Hint, ObserverTrouble
from fileq.watch.stability import UnsettledReason
from fileq.watch.status import StatusWriter
from fileq.watch.watched_folder import WatchedFolder

_TICK = 1.0
_SHOWN_EVERY = 0.2
_SAID_EVERY = 0.5
_HINTS_AT_ONCE = 5_000
_SCAN_SECONDS = 0.02
"""A scan stops for events that often."""
_FLUSH_SECONDS = 1.0
_RETRY = 1.0
_GATHER = 0.02


class Watcher:
    """Watches folders until it is stopped, or with `once` until it has caught up with what is there.

    Raises UsageError where another process watches one of them; LedgerError, also later: DatabaseReplaced.
    """

    def __init__(
        self,
        ledger: Ledger,
        folders: Callable[[], Sequence[WatchSpec]],
        listener: WatchListener,
        *,
        once: bool = False,
        registry: StatusWriter | None = None,
    ) -> None:
        """`folders` is asked now, and again at each `reload`."""
        self._ledger = ledger
        self._listener = listener
        self._once = once
        self._hints: SimpleQueue[Hint | None] = SimpleQueue()
        self._unsettled = UnsettledFiles()
        self._collector = Collector(ledger, self._unsettled, listener)
        self._status_writer = registry or StatusWriter(ledger)
        self._watched: list[WatchedFolder] = []
        self._stopping = False
        self._find_specs = folders
        self._wanted: Sequence[WatchSpec] | None = folders()
        self._reloading = False
        self._tick_at = self._shown_at = self._said_at = 0.0
        self._complaint = ""

    def stop(self) -> None:
        """From a signal handler or another thread: queue what is ready, and leave."""
        self._stopping = True
        self._hints.put(None)

    def reload(self) -> None:
        """The same: ask again what to watch, and scan."""
        self._reloading = True
        self._hints.put(None)

    def run(self) -> None:
        try:
            while not self._stopping and not (self._once and self._has_caught_up()):
                self._hear(self._pause())
                self._guarded_turn()
                self._listener.alive()
            self._flush()
        finally:
            self._close()

    @property
    def paths(self) -> list[str]:
        """The folders that it watches, or is about to."""
        return [folder.path for folder in self._wanted or [root.spec for root in self._watched]]

    @property
    def unsettled_files(self) -> list[UnsettledFile]:
        """The files that are not complete: with `once`, those that it did not wait for."""
        return list(self._unsettled)

    def _pause(self) -> float:
        now = time.monotonic()
        if self._wanted is not None or self._reloading or any(root.rescan.is_running for root in self._watched):
            return 0.0
        every = _SHOWN_EVERY if self._listener.live else _TICK
        ends = [self._tick_at, now + every, *([at] if (at := self._unsettled.next_probe_at) is not None else [])]
        # One wake-up for all that comes close together costs less than one for each.
        pause = max(0.0, min(ends) - now)
        return max(pause, _GATHER / 2) if self._unsettled else pause

    def _hear(self, seconds: float) -> None:
        """Wait so long for a hint; take those that are there."""
        try:
            hint = self._hints.get(timeout=seconds) if seconds else self._hints.get_nowait()
            for _ in range(_HINTS_AT_ONCE):
                if hint is not None:
                    self._heed(*hint)
                hint = self._hints.get_nowait()
        except Empty:
            return

    def _heed(self, observation: object, event: FileSystemEvent | ObserverTrouble) -> None:
        root = next((root for root in self._watched if root.observer is observation), None)
        if root is None:  # of an observer that we have left
            return
        now = time.monotonic()
        if isinstance(event, ObserverTrouble):
            self._notice(root, root.rebuild(str(event), now))
            return
        moved = isinstance(event, FileSystemMovedEvent)
        path = root.translate_path(os.fsdecode(event.dest_path if moved else event.src_path))
        if event.is_directory:
            if event.event_type in ("created", "moved"):
                root.add_subfolder(path)
            return
        if moved:
            self._unsettled.discard(root.translate_path(os.fsdecode(event.src_path)))
        folder, name = os.path.split(path)
        if not is_ignored(name) and root.spec.matches(name) and root.covers(folder):
            self._consider(path, root, now)

    def _consider(self, path: str, root: WatchedFolder, now: float) -> None:
        if len(self._unsettled) >= MAX_FILES:
            root.rescan.overrun = True
        else:
            self._unsettled.add_by_event(path, root, now)

    def _guarded_turn(self) -> None:
        """A ledger that is locked, or on a full disk, is waited for: nothing is dropped meanwhile."""
        try:
            self._turn(time.monotonic())
        except LedgerError as error:
            if not self._watched or isinstance(error, DatabaseReplaced):
                raise
            if str(error) != self._complaint:
                self._listener.noticed(str(error))
            self._complaint = str(error)
            time.sleep(_RETRY)
        else:
            self._complaint = ""

    def _turn(self, now: float) -> None:
        if self._reloading:
            self._reload()
        if self._wanted is not None:
            self._use(self._wanted)
            self._wanted = None
        if now >= self._tick_at:
            self._tick_at = now + _TICK
            self._ledger.database.check_file()
            for root in self._watched:
                self._notice(root, root.tick(now))
        if len(self._unsettled) < MAX_FILES // 2:
            for root in self._watched:
                self._scan_on(root, now)
        self._collector.collect_due(time.monotonic())
        for root in self._watched:
            self._notice(root, root.take_links_notice())
        self._tell(time.monotonic())

    def _scan_on(self, root: WatchedFolder, now: float) -> None:
        for source, caught_up in root.advance(now, _SCAN_SECONDS):
            path = source.path
            untold = caught_up or path in root.refused_links  # no event tells that a link's other name has gone
            self._unsettled.add_by_scan(path, root, now, caught_up=untold)

    def _notice(self, root: WatchedFolder, what: str) -> None:
        if what:
            self._listener.noticed(f"{root.spec.path}: {what}")

    def _has_caught_up(self) -> bool:
        """Whether all is queued but what somebody still writes to, or is empty."""
        if not self._watched or not all(
            root.has_caught_up or root.state is WatchState.OFFLINE for root in self._watched
        ):
            return False
        now = time.monotonic()
        return all(
            candidate.reason in (UnsettledReason.OPEN, UnsettledReason.EMPTY)
            and now - candidate.first_at > candidate.folder.settle
            for candidate in self._unsettled
        )

    def _flush(self) -> None:
        """Queue what is complete already; the rest is found at the next start."""
        deadline = time.monotonic() + _FLUSH_SECONDS
        self._hear(0.0)
        while self._unsettled.next_probe_at is not None and time.monotonic() < deadline and not self._complaint:
            at = self._unsettled.next_probe_at
            if at > deadline:
                return
            time.sleep(max(0.0, at - time.monotonic()))
            try:
                self._collector.collect_due(time.monotonic())
            except LedgerError as error:
                self._complaint = str(error)
                self._listener.noticed(self._complaint)

    def _reload(self) -> None:
        """What is wrong now, and was right at the start, changes nothing."""
        self._reloading = False
        try:
            self._use(self._find_specs())
        except LedgerError:
            self._reloading = True
            raise
        except FileqError as error:
            self._listener.noticed(f"The config is used as it was: {error}")

    def _use(self, folders: Sequence[WatchSpec]) -> None:
        """Watch these: go on with those that are the same, begin with those that are new, leave the others."""
        same = {root.spec: root for root in self._watched}
        roots = [same.get(folder) or self._root(folder) for folder in folders]
        for root in self._watched:
            if root not in roots:
                self._leave(root)
        self._watched = roots
        for root in roots:
            root.rescan.schedule_at(0.0)
        self._tick_at = 0.0

    def _root(self, folder: WatchSpec) -> WatchedFolder:
        watch = self._status_writer.register_watch(folder.path)
        intake = WatchIntake(self._ledger, watch, folder.recipes, out=folder.out, policy=folder.policy)
        return WatchedFolder(folder, watch, intake, self._hints)

    def _leave(self, root: WatchedFolder) -> None:
        root.close()
        self._unsettled.discard_folder(root)
        self._status_writer.write_status(root.watch_id, root.status([]), time.monotonic())

    def _close(self) -> None:
        for root in self._watched:
            root.close()
            try:
                self._status_writer.write_status(root.watch_id, root.status([]), time.monotonic())
            except DatabaseReplaced:
                return
            except LedgerError as error:
                self._listener.noticed(str(error))

    def _tell(self, now: float) -> None:
        """Show and write down how things stand, now and then."""
        shows = self._listener.live and now - self._shown_at >= _SHOWN_EVERY
        says = now - self._said_at >= _SAID_EVERY
        if not shows and not says:
            return
        waiting = self._unsettled.list_waiting(now)
        standings = [root.status(waiting.get(root, [])) for root in self._watched]
        if shows:
            self._shown_at = now
            self._listener.stands(standings)
        if says:
            self._said_at = now
            for root, standing in zip(self._watched, standings, strict=True):
                self._status_writer.write_status(root.watch_id, standing, now)

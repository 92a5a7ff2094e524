"""The watcher: the one thread that decides. Events and scans are hints to it, the ledger knows what is new."""

import os
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

import msgspec
from watchdog.events import FileSystemEvent, FileSystemMovedEvent

from fileq.errors import DatabaseReplaced, FileqError, LedgerError
from fileq.intake.watch_intake import WatchIntake
from fileq.ledger import Ledger
from fileq.ledger.tables.sources.watches import WatchState, WatchStatus
from fileq.sources import is_ignored
from fileq.watch.collector import Collector
from fileq.watch.observer import Hint, ObserverTrouble
from fileq.watch.specification import PollMode, WatchSpec
from fileq.watch.stability import UnsettledReason
from fileq.watch.status import OneShotStatusWriter, StatusWriter, WatchListener
from fileq.watch.unsettled_files import MAX_FILES, UnsettledFile, UnsettledFiles
from fileq.watch.watched_folder import WatchedFolder

_TICK = 1.0
_SHOWN_EVERY = 0.2
_WRITTEN_EVERY = 0.5
_HINTS_AT_ONCE = 5_000
_SCAN_SECONDS = 0.02
"""A scan stops for events that often."""
_FLUSH_SECONDS = 1.0
_RETRY = 1.0
_COLLECT_SECONDS = 0.02


class Watcher:
    """Watches folders until it is stopped, or with `once` until it has caught up with what is there.

    Raises UsageError where another process watches one of them; LedgerError, also later: DatabaseReplaced.
    """

    def __init__(
        self,
        ledger: Ledger,
        find_specs: Callable[[], Sequence[WatchSpec]],
        listener: WatchListener,
        *,
        once: bool = False,
        status_writer: StatusWriter | None = None,
    ) -> None:
        """`find_specs` is asked now, and again at each `reload`."""
        self._ledger = ledger
        self._listener = listener
        self._once = once
        self._hints: SimpleQueue[Hint | None] = SimpleQueue()
        self._unsettled = UnsettledFiles()
        self._collector = Collector(ledger, self._unsettled, listener)
        self._status_writer = status_writer or StatusWriter(ledger)
        self._folders: list[WatchedFolder] = []
        self._stopping = False
        self._find_specs = find_specs
        self._wanted: Sequence[WatchSpec] | None = find_specs()
        self._reloading = False
        self._tick_at = self._shown_at = self._written_at = 0.0
        self._complaint = ""

    def stop(self) -> None:
        """Queue what is ready, and leave. From a signal handler or another thread."""
        self._stopping = True
        self._hints.put(None)

    def reload(self) -> None:
        """Ask again what to watch, and scan. From a signal handler or another thread."""
        self._reloading = True
        self._hints.put(None)

    def run(self) -> None:
        """Watch until it is stopped, or has caught up."""
        try:
            while not self._stopping and not (self._once and self._has_caught_up()):
                self._take_hints(self._pause())
                self._guarded_turn()
                self._listener.on_turn()
            self._flush()
        finally:
            self._close()

    @property
    def paths(self) -> list[str]:
        """Return the folders that it watches, or is about to."""
        return [spec.path for spec in self._wanted or [watched.spec for watched in self._folders]]

    @property
    def unsettled_files(self) -> list[UnsettledFile]:
        """Return the files that are not complete: with `once`, those that it did not wait for."""
        return list(self._unsettled)

    @property
    def barred(self) -> list[str]:
        """Return what the last scans had no right to read: each path, and why."""
        scans = [watched.rescan.last_scan for watched in self._folders]
        return [problem for scan in scans if scan is not None for problem in scan.barred]

    def _pause(self) -> float:
        now = time.monotonic()
        if self._wanted is not None or self._reloading or any(watched.rescan.is_running for watched in self._folders):
            return 0.0
        every = _SHOWN_EVERY if self._listener.live else _TICK
        ends = [self._tick_at, now + every, *([at] if (at := self._unsettled.next_probe_at) is not None else [])]
        # One wake-up for all that comes close together costs less than one for each.
        pause = max(0.0, min(ends) - now)
        return max(pause, _COLLECT_SECONDS / 2) if self._unsettled else pause

    def _take_hints(self, seconds: float) -> None:
        """Wait so many seconds for a hint; handle those that are there."""
        try:
            hint = self._hints.get(timeout=seconds) if seconds else self._hints.get_nowait()
            for _ in range(_HINTS_AT_ONCE):
                if hint is not None:
                    self._handle_hint(*hint)
                hint = self._hints.get_nowait()
        except Empty:
            return

    def _handle_hint(self, observer: object, event: FileSystemEvent | ObserverTrouble) -> None:
        watched = next((watched for watched in self._folders if watched.observer is observer), None)
        if watched is None:  # of an observer that we have left
            return
        now = time.monotonic()
        if isinstance(event, ObserverTrouble):
            self._notice(watched, watched.rebuild(str(event), now))
            return
        moved = isinstance(event, FileSystemMovedEvent)
        path = watched.translate_path(os.fsdecode(event.dest_path if moved else event.src_path))
        if event.is_directory:
            if event.event_type in ("created", "moved"):
                watched.add_subfolder(path)
            return
        if moved:
            self._unsettled.discard(watched.translate_path(os.fsdecode(event.src_path)))
        folder, name = os.path.split(path)
        if not is_ignored(name) and watched.spec.matches(name) and watched.covers(folder):
            self._add_by_event(path, watched, now)

    def _add_by_event(self, path: str, watched: WatchedFolder, now: float) -> None:
        if len(self._unsettled) >= MAX_FILES:
            watched.rescan.overrun = True
        else:
            self._unsettled.add_by_event(path, watched, now)

    def _guarded_turn(self) -> None:
        """A ledger that is locked, or on a full disk, is waited for: nothing is dropped meanwhile."""
        try:
            self._turn(time.monotonic())
        except LedgerError as error:
            if not self._folders or isinstance(error, DatabaseReplaced):
                raise
            if str(error) != self._complaint:
                self._listener.on_notice(str(error))
            self._complaint = str(error)
            time.sleep(_RETRY)
        else:
            self._complaint = ""

    def _turn(self, now: float) -> None:
        if self._reloading:
            self._reload()
        if self._wanted is not None:
            self._watch_specs(self._wanted)
            self._wanted = None
        if now >= self._tick_at:
            self._tick_at = now + _TICK
            self._ledger.database.check_identity()
            for watched in self._folders:
                self._notice(watched, watched.tick(now))
        if len(self._unsettled) < MAX_FILES // 2:
            for watched in self._folders:
                self._advance_scans(watched, now)
        self._collector.collect_due(time.monotonic())
        for watched in self._folders:
            self._notice(watched, watched.take_links_notice())
        self._report_status(time.monotonic())

    def _advance_scans(self, watched: WatchedFolder, now: float) -> None:
        for source, caught_up in watched.advance(now, _SCAN_SECONDS):
            # No event tells that a link's other name has gone.
            untold = caught_up or source.path in watched.refused_links
            self._unsettled.add_by_scan(source.path, watched, now, caught_up=untold)

    def _notice(self, watched: WatchedFolder, problem: str) -> None:
        if problem:
            self._listener.on_notice(f"{watched.spec.path}: {problem}")

    def _has_caught_up(self) -> bool:
        """Whether all is queued but what somebody still writes to, or is empty."""
        if not self._folders or not all(
            watched.has_caught_up or watched.state is WatchState.OFFLINE for watched in self._folders
        ):
            return False
        now = time.monotonic()
        return all(
            file.reason in (UnsettledReason.OPEN, UnsettledReason.EMPTY) and now - file.first_at > file.folder.settle
            for file in self._unsettled
        )

    def _flush(self) -> None:
        """Queue what is complete already; the rest is found at the next start."""
        deadline = time.monotonic() + _FLUSH_SECONDS
        self._take_hints(0.0)
        while self._unsettled.next_probe_at is not None and time.monotonic() < deadline and not self._complaint:
            at = self._unsettled.next_probe_at
            if at > deadline:
                return
            time.sleep(max(0.0, at - time.monotonic()))
            try:
                self._collector.collect_due(time.monotonic())
            except LedgerError as error:
                self._complaint = str(error)
                self._listener.on_notice(self._complaint)

    def _reload(self) -> None:
        """Watch what the config says now. A config that is wrong now, and was right at the start, changes nothing."""
        self._reloading = False
        try:
            self._watch_specs(self._find_specs())
        except LedgerError:
            self._reloading = True
            raise
        except FileqError as error:
            self._listener.on_notice(f"fileq goes on with the config as it was: {error}")

    def _watch_specs(self, specs: Sequence[WatchSpec]) -> None:
        """Watch these: go on with those that are the same, begin with those that are new, leave the others."""
        same = {watched.spec: watched for watched in self._folders}
        folders = [same.get(spec) or self._begin(spec) for spec in specs]
        for watched in self._folders:
            if watched not in folders:
                self._leave(watched)
        self._folders = folders
        for watched in folders:
            watched.rescan.schedule_at(0.0)
        self._tick_at = 0.0

    def _begin(self, spec: WatchSpec) -> WatchedFolder:
        watch_id = self._status_writer.register_watch(spec.path)
        intake = WatchIntake(self._ledger, watch_id, spec.recipes, out=spec.out, policy=spec.policy)
        return WatchedFolder(spec, watch_id, intake, self._hints)

    def _leave(self, watched: WatchedFolder) -> None:
        watched.close()
        self._unsettled.discard_folder(watched)
        self._status_writer.write_status(watched.watch_id, watched.status([]), time.monotonic())

    def _close(self) -> None:
        for watched in self._folders:
            watched.close()
            try:
                self._status_writer.write_status(watched.watch_id, watched.status([]), time.monotonic())
            except DatabaseReplaced:
                return
            except LedgerError as error:
                self._listener.on_notice(str(error))

    def _report_status(self, now: float) -> None:
        """Show and write down the status of each folder, now and then."""
        shows = self._listener.live and now - self._shown_at >= _SHOWN_EVERY
        writes = now - self._written_at >= _WRITTEN_EVERY
        if not shows and not writes:
            return
        waiting = self._unsettled.list_waiting(now)
        statuses = [watched.status(waiting.get(watched, [])) for watched in self._folders]
        if shows:
            self._shown_at = now
            self._listener.on_status(statuses)
        if writes:
            self._written_at = now
            for watched, status in zip(self._folders, statuses, strict=True):
                self._status_writer.write_status(watched.watch_id, status, now)


class OneShotListener:
    """What one shot at a folder has brought. `problem` is why it could not be read; "" where it could."""

    live = False

    def __init__(self, stop: Callable[[], bool]) -> None:
        self.queued_files = 0
        self.problem = ""
        self.watcher: Watcher | None = None
        self._stop = stop

    def on_queued(self, paths: Sequence[str], batch_id: int) -> None:
        """Count the files that were queued."""
        del batch_id
        self.queued_files += len(paths)

    def on_notice(self, text: str) -> None:
        """Keep the last notice."""
        self.problem = text

    def on_status(self, statuses: Sequence[WatchStatus]) -> None:
        """Do nothing: nobody looks."""

    def on_turn(self) -> None:
        """Stop the watcher where the caller is to stop."""
        if self._stop() and self.watcher is not None:
            self.watcher.stop()


def watch_once(ledger: Ledger, spec: WatchSpec, stop: Callable[[], bool]) -> OneShotListener:
    """Queue what is new and complete in a folder, and return what that has brought. Raises LedgerError."""
    listener = OneShotListener(stop)
    quiet = msgspec.structs.replace(spec, poll=PollMode.ALWAYS)
    listener.watcher = Watcher(ledger, lambda: [quiet], listener, once=True, status_writer=OneShotStatusWriter(ledger))
    listener.watcher.run()
    return listener

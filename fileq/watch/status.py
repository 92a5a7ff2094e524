"""What others learn of watched folders: their entries in the ledger, and the listener that the watcher tells."""

import json
from collections.abc import Sequence
from typing import Protocol

import msgspec

from fileq.errors import UsageError
from fileq.ledger import Ledger
from fileq.ledger.tables.sources.watches import WatchRecord, WatchState, WatchStatus
from fileq.presence import is_elsewhere, is_running, this_process

_ALIVE_EVERY = 30.0
"""Seconds after which a status is written down again though it is the same: others see by it that we are there."""


class StatusWriter:
    """Writes down the status of the folders that this process watches."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._written: dict[int, tuple[str, float]] = {}

    def register_watch(self, path: str) -> int:
        """Have this process watch a folder from now on, and return the id of the watch.

        Raises UsageError where another process watches it, LedgerError.
        """
        me = this_process()
        with self._ledger.transaction():
            before = self._ledger.watches.find_watch(path)
            if before is not None and before.process != me and _is_watching(before):
                raise UsageError(
                    f"{path} is watched already, by process {before.process.pid}.", "One watcher is enough."
                )
            return self._ledger.watches.upsert_watch(path, me, self._ledger.now())

    def write_status(self, watch_id: int, status: WatchStatus, now: float) -> None:
        """Write down the status of a folder where it is news, or was written long ago. Raises LedgerError.

        `now` is in seconds of the monotonic clock.
        """
        status_json = _encode(status)
        before, at = self._written.get(watch_id, ("", 0.0))
        if status_json != before or now - at > _ALIVE_EVERY:
            self._written[watch_id] = status_json, now
            self._ledger.watches.record_status(watch_id, status_json, self._ledger.now())


class OneShotStatusWriter(StatusWriter):
    """For one shot at folders that nobody watches: it keeps nobody from watching them."""

    def register_watch(self, path: str) -> int:
        """Return the id of the watch of a folder; it is entered as stopped where there is none. Raises LedgerError."""
        with self._ledger.transaction():
            there = self._ledger.watches.find_watch(path)
            if there is not None:
                return there.id
            now, stopped = self._ledger.now(), _encode(WatchStatus(state=WatchState.STOPPED))
            watch_id = self._ledger.watches.upsert_watch(path, this_process(), now)
            self._ledger.watches.record_status(watch_id, stopped, now)
        return watch_id

    def write_status(self, watch_id: int, status: WatchStatus, now: float) -> None:
        """Do nothing: what the last watcher of the folder wrote stays."""


def is_watched(ledger: Ledger, path: str) -> bool:
    """Return whether some process watches this folder now. Raises LedgerError."""
    record = ledger.watches.find_watch(path)
    return record is not None and _is_watching(record)


def _is_watching(record: WatchRecord) -> bool:
    """Whether its process still does."""
    return not record.status.is_stopped and not is_elsewhere(record.process) and is_running(record.process)


def _encode(status: WatchStatus) -> str:
    """As JSON: of a path that is no UTF-8, too."""
    return json.dumps(msgspec.to_builtins(status))


class WatchListener(Protocol):
    """Called in the watcher's thread."""

    live: bool
    """Whether it shows the status of the folders, several times a second."""

    def on_queued(self, paths: Sequence[str], batch_id: int) -> None:
        """Take note of the files that were queued."""

    def on_notice(self, text: str) -> None:
        """Take note of something that a person may want to know."""

    def on_status(self, statuses: Sequence[WatchStatus]) -> None:
        """Show the status of each folder."""

    def on_turn(self) -> None:
        """Take note that the watcher is alive: it has done a turn."""

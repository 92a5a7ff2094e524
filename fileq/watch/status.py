"""What the ledger says of watched folders: who watches each, and how it stands with it."""

import json
import time

import msgspec

from fileq.errors import UsageError
from fileq.ledger import Ledger
from fileq.ledger.tables.watches import WatchRecord
from fileq.presence import is_elsewhere, is_running, this_process
from fileq.watch.folder import Standing, WatchState

_ALIVE_EVERY = 30.0


class StatusWriter:
    """This process's entries. Raises LedgerError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._said: dict[int, tuple[str, float]] = {}

    def register_watch(self, path: str) -> int:
        """The number of the watch that this process has from now on. Raises UsageError where another has it."""
        me = this_process()
        with self._ledger.transaction():
            before = self._ledger.watches.find_watch(path)
            if before is not None and before.process != me and _is_watching(before):
                raise UsageError(
                    f"{path} is watched already, by process {before.process.pid}.", "One watcher is enough."
                )
            return self._ledger.watches.upsert_watch(path, me, time.time())

    def write_status(self, watch: int, standing: Standing, now: float) -> None:
        """How it stands with a folder: written where it is news, or was said long ago."""
        said = json.dumps(msgspec.to_builtins(standing))
        before, at = self._said.get(watch, ("", 0.0))
        if said != before or now - at > _ALIVE_EVERY:
            self._said[watch] = said, now
            self._ledger.watches.record_status(watch, said, time.time())


class OneShotStatusWriter(StatusWriter):
    """For one look at folders that nobody watches: it keeps nobody from watching them."""

    def register_watch(self, path: str) -> int:
        with self._ledger.transaction():
            there = self._ledger.watches.find_watch(path)
            if there is not None:
                return there.id
            watch = self._ledger.watches.upsert_watch(path, this_process(), time.time())
            self._ledger.watches.record_status(watch, json.dumps({"state": WatchState.STOPPED}), time.time())
        return watch

    def write_status(self, watch: int, standing: Standing, now: float) -> None:
        """Nothing: what its last watcher said stands."""


def is_watched(ledger: Ledger, path: str) -> bool:
    """Whether some process watches this folder now."""
    record = ledger.watches.find_watch(path)
    return record is not None and _is_watching(record)


def _is_watching(record: WatchRecord) -> bool:
    """Whether its process still does."""
    return not record.status.is_stopped and not is_elsewhere(record.process) and is_running(record.process)

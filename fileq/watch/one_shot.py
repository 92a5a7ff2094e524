"""One shot at a folder that nobody watches: what is new in it is queued, by the same rules."""

from collections.abc import Callable, Sequence

import msgspec

from fileq.ledger import Ledger
from fileq.ledger.tables.watches import WatchStatus
from fileq.watch.specification import PollMode, WatchSpec
from fileq.watch.status import OneShotStatusWriter
from fileq.watch.watcher import Watcher


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

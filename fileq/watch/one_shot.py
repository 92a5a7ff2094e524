"""One look at a folder that nobody watches: what is new in it is queued, by the same rules."""

from collections.abc import Callable, Sequence

import msgspec

from fileq.ledger import Ledger
from fileq.watch.folder import PollMode, Standing, WatchSpec
from fileq.watch.status import OneShotStatusWriter
from fileq.watch.watcher import Watcher


class OneShotListener:
    """What a look at a folder has brought: a watcher's listener. `problem` is why it could not be looked at."""

    live = False

    def __init__(self, stop: Callable[[], bool]) -> None:
        self.queued_files = 0
        self.problem = ""
        self.watcher: Watcher | None = None
        self._stop = stop

    def queued(self, paths: Sequence[str], batch: int) -> None:
        del batch
        self.queued_files += len(paths)

    def noticed(self, text: str) -> None:
        self.problem = text

    def stands(self, standings: Sequence[Standing]) -> None:
        """Nobody looks."""

    def alive(self) -> None:
        if self._stop() and self.watcher is not None:
            self.watcher.stop()


def watch_once(ledger: Ledger, folder: WatchSpec, stop: Callable[[], bool]) -> OneShotListener:
    """Queue what is new and complete in `folder`. Raises LedgerError."""
    look = OneShotListener(stop)
    quiet = msgspec.structs.replace(folder, poll=PollMode.ALWAYS)
    look.watcher = Watcher(ledger, lambda: [quiet], look, once=True, registry=OneShotStatusWriter(ledger))
    look.watcher.run()
    return look

"""Who is told what the watcher does."""

from collections.abc import Sequence
from typing import Protocol

from fileq.ledger.tables.watches import WatchStatus


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

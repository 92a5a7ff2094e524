"""Who wants to know what the watcher does."""

from collections.abc import Sequence
from typing import Protocol

from fileq.watch.folder import Standing


class WatchListener(Protocol):
    """Called in the watcher's thread."""

    live: bool
    """Whether it shows how things stand, several times a second."""

    def queued(self, paths: Sequence[str], batch: int) -> None:
        """These files were queued."""

    def noticed(self, text: str) -> None:
        """Something that a person may want to know."""

    def stands(self, standings: Sequence[Standing]) -> None:
        """How it stands with each folder now."""

    def alive(self) -> None:
        """The watcher has done a turn."""

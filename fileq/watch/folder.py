"""A folder that is to be watched, and what is to be done with what comes into it."""

import os
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from fileq.files.identity import relative_within
from fileq.intake import DispositionPolicy
from fileq.recipes.recipe import Recipe
from fileq.sources import is_ignored

_SHOWN = 20


class PollMode(StrEnum):
    """Whether to compare listings instead of waiting for events."""

    AUTO = "auto"  # where the file system tells nothing
    ALWAYS = "always"
    NEVER = "never"


class WatchSpec(msgspec.Struct, frozen=True):
    """`path` is absolute. `settle` and `interval` are in seconds; `skipped` are folders that are left out."""

    path: str
    recipes: tuple[Recipe, ...]
    out: str | None = None
    recursive: bool = True
    policy: DispositionPolicy = DispositionPolicy()
    settle: float = 2.0
    poll: PollMode = PollMode.AUTO
    interval: float = 5.0
    skipped: frozenset[str] = frozenset()
    follow_links: bool = False

    def matches(self, name: str) -> bool:
        return any(recipe.matches(name) for recipe in self.recipes)

    def covers(self, path: str) -> bool:
        """Whether what lies in the folder at `path` belongs to the watch."""
        if path == self.path:
            return True
        inside = self.path.rstrip(os.sep) + os.sep
        if not self.recursive or not path.startswith(inside):
            return False
        parts = path[len(inside) :].split(os.sep)
        return not any(map(is_ignored, parts)) and not any(
            inside + os.sep.join(parts[: count + 1]) in self.skipped for count in range(len(parts))
        )


class WatchState(StrEnum):
    """How a folder is watched right now."""

    CATCHING_UP = "catching up"
    EVENTS = "events"
    POLLING = "polling"
    OFFLINE = "offline"
    STOPPED = "stopped"


class Waiting(msgspec.Struct, frozen=True):
    """A file that is not complete yet, since when, in seconds, and why."""

    path: str
    reason: str
    seconds: float


def longest(waiting: Iterable[Waiting]) -> tuple[Waiting, ...]:
    """Those that have been waiting for longest: a few, to be shown."""
    return tuple(sorted(waiting, key=lambda one: -one.seconds)[:_SHOWN])


class Standing(msgspec.Struct, frozen=True):
    """How it stands with a watched folder: what `status` and the live view show.

    `queued` and `missed` count files since the watcher began: what was queued, and what of it only a scan had found.
    `last_scan_at` is in seconds since the epoch; `watches` is how many of the system's watches are in use;
    `left_alone` counts links that are no sources, by their kind.
    """

    path: str
    state: WatchState
    problem: str = ""
    queued: int = 0
    waiting: int = 0
    longest: tuple[Waiting, ...] = ()
    missed: int = 0
    rebuilt: int = 0
    last_scan_at: float | None = None
    last_scan_seconds: float | None = None
    folders: int = 0
    watches: int | None = None
    left_alone: dict[str, int] = {}


def skipped_folders(path: str, *folders: str | None) -> frozenset[str]:
    """Those of `folders` that lie inside the watched one: what is put there is no source."""
    places = [relative_within(folder, path) for folder in folders if folder]
    return frozenset(os.path.join(path, place) for place in places if place)

"""The contents of live views: how far the work is, the watched folders, and the words for both."""

from collections.abc import Sequence

import msgspec

from fileq.units import describe_seconds


class SlotProgress(msgspec.Struct, frozen=True):
    """What one slot of a worker does right now, and for how many seconds. An idle one has no source."""

    source: str | None = None
    recipe_name: str | None = None
    seconds: float = 0.0


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """`ended` of `total` jobs have ended, `failed` of them badly. `seconds_left` is None where it is unknown."""

    ended: int
    total: int
    failed: int = 0
    rate_per_minute: float = 0.0
    seconds_left: float | None = None
    slots: Sequence[SlotProgress] = ()
    paused: bool = False


class WaitingFileView(msgspec.Struct, frozen=True):
    """A file that a watcher waits for, why, and for how many seconds it has."""

    path: str
    reason: str
    seconds: float


class FolderView(msgspec.Struct, frozen=True, kw_only=True):
    """A watched folder: how many files were queued, how many are waited for, and some of the latter."""

    path: str
    state: str
    problem: str
    queued: int
    waiting: int
    waiting_files: Sequence[WaitingFileView]


class WatchView(msgspec.Struct, frozen=True):
    """All watched folders, and the progress of the work where the same process works too."""

    folders: Sequence[FolderView]
    progress: Progress | None = None


def describe_rate(per_minute: float) -> str:
    """Return 8.2 a second, 12 a minute, 3 an hour; "" for less than one an hour."""
    for number, unit in ((per_minute / 60, "a second"), (per_minute, "a minute"), (per_minute * 60, "an hour")):
        if number >= 1:
            return f"{number:.3g} {unit}" if number < 1000 else f"{number:,.0f} {unit}"
    return ""


def describe_pace(progress: Progress) -> list[str]:
    """Return what follows "61 of 120 done": the rate, the time left, that the queue is paused; none where unknown."""
    parts = [describe_rate(progress.rate_per_minute)]
    if progress.seconds_left is not None and progress.ended < progress.total:
        parts.append(f"{describe_seconds(progress.seconds_left)} left")
    if progress.paused:
        parts.append("paused")
    return [part for part in parts if part]

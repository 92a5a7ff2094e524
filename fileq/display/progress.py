"""The contents of live views: how far the work is, the unfinished batches, the watched folders, and their words."""

from collections.abc import Sequence

import msgspec

from fileq.display.answer import Text
from fileq.units import describe_bytes, describe_seconds


class SlotProgress(msgspec.Struct, frozen=True):
    """What one slot of a worker does right now, and for how many seconds. An idle one has no source."""

    source: str | None = None
    recipe_name: str | None = None
    seconds: float = 0.0


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """`ended` of `total` jobs have ended, `failed` of them badly. `seconds_left` is None where it is unknown.

    `share` is that of the work that is done, from 0 to 1, where jobs are known to differ; None: that of the jobs.
    `elapsed` is in seconds, `bytes_saved` is what outputs are smaller than their sources.
    """

    ended: int
    total: int
    failed: int = 0
    share: float | None = None
    rate_per_minute: float = 0.0
    seconds_left: float | None = None
    elapsed: float | None = None
    bytes_saved: int = 0
    slots: Sequence[SlotProgress] = ()
    paused: bool = False

    @property
    def done_share(self) -> float:
        """Return the share of the work that is done, from 0 to 1; 1 only where nothing is left."""
        if self.ended >= self.total:
            return 1.0
        share = self.ended / self.total if self.share is None else self.share
        return min(max(share, 0.0), 0.999)


class BatchProgress(msgspec.Struct, frozen=True, kw_only=True):
    """An unfinished batch: its number, where its sources are, the names of its recipes, and how far it is."""

    batch_id: int
    source: str
    recipes: str
    progress: Progress


class StatusView(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to do: the unfinished batches, what runs, and lines on what is in the way and what failed."""

    batches: Sequence[BatchProgress]
    total: Progress
    more_batches: int = 0
    notes: Sequence[Text] = ()


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


def describe_percent(share: float) -> str:
    """Return 61 %; 100 % only for all of it."""
    return f"{int(100 * share)} %"


def describe_pace(progress: Progress) -> list[str]:
    """Return what follows "61 of 120 done", the most important first: none of it where it is unknown.

    That the queue is paused, the time left, the time until now, the rate, and the bytes saved.
    """
    parts = ["paused"] if progress.paused else []
    if progress.seconds_left is not None and progress.ended < progress.total:
        parts.append(f"{describe_seconds(progress.seconds_left)} left")
    if progress.elapsed is not None:
        parts.append(f"{describe_seconds(progress.elapsed)} so far")
    parts.append(describe_rate(progress.rate_per_minute))
    if progress.bytes_saved > 0:
        parts.append(f"{describe_bytes(progress.bytes_saved)} saved")
    return [part for part in parts if part]

"""The report's figures: what was done in a stretch of time, summed up. Times are seconds since the epoch."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo

import msgspec

from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.queries.history import FailureCause, FormatTotal, HostTotal, RemovalTotal, WatchTotal, WorkTotal

WEEK = 7 * 86400.0

_BY_THE_HOUR = 2 * 86400.0
"""A shorter stretch is shown by the hour, and no longer by the day."""

_HOUR = 3600


class JobCounts(msgspec.Struct, frozen=True):
    """How many jobs ended well, and how many badly."""

    done: int
    failed: int

    @property
    def total(self) -> int:
        """How many jobs ended."""
        return self.done + self.failed


class RecipeTotal(msgspec.Struct, frozen=True, kw_only=True):
    """What was done by one recipe. `jobs` counts all that ended; bytes and outputs are those of done ones.

    `seconds` is the time of all slots together; `jobs_per_minute` and `bytes_per_second` (of sources) are those of one.
    """

    recipe: str
    jobs: int
    failed: int
    outputs: int
    bytes_in: int
    bytes_out: int
    seconds: float
    seconds_per_job: float
    jobs_per_minute: float
    bytes_per_second: float


class DayTotal(msgspec.Struct, frozen=True, kw_only=True):
    """What was done on a local day (2026-05-17) or in an hour (2026-05-17T22:00+02:00), which began at `start`."""

    date: str
    start: float
    done: int
    failed: int
    bytes_in: int
    bytes_out: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What was done from `since` on and before `until`.

    `days` leaves none out; they are hours where that stretch is short.
    """

    since: float
    until: float
    jobs: JobCounts
    files: int
    outputs: int
    bytes_in: int
    bytes_out: int
    bytes_saved: int
    seconds: float
    recipes: list[RecipeTotal]
    formats: list[FormatTotal]
    days: list[DayTotal]
    failures: list[FailureCause]
    watches: list[WatchTotal]
    hosts: list[HostTotal]
    removed: RemovalTotal
    vanished: int

    @property
    def is_empty(self) -> bool:
        """Whether no job ended, and no output was removed or vanished."""
        return not (self.jobs.total or self.removed.outputs or self.vanished)

    @property
    def is_hourly(self) -> bool:
        """Whether `days` are hours."""
        return self.until - self.since < _BY_THE_HOUR


def compute_figures(ledger: Ledger, since: float, until: float, zone: tzinfo) -> Figures:
    """Return what was done from `since` on and before `until`, by the days of `zone`."""
    history = ledger.history
    work = history.total_work(since, until)
    done = [one for one in work if one.state is JobState.DONE]
    bytes_in, bytes_out = sum(one.bytes_in for one in done), sum(one.bytes_out for one in done)
    return Figures(
        since=since,
        until=until,
        jobs=_ended(work),
        files=history.count_sources(since, until),
        outputs=sum(one.outputs for one in done),
        bytes_in=bytes_in,
        bytes_out=bytes_out,
        bytes_saved=bytes_in - bytes_out,
        seconds=_seconds(work),
        recipes=_by_recipe(work),
        formats=history.total_formats(since, until),
        days=_by_day(work, since, until, zone),
        failures=history.list_causes(since, until),
        watches=history.total_watches(since, until),
        hosts=history.total_hosts(since, until),
        removed=history.total_removals(since, until),
        vanished=history.count_vanished_outputs(since, until),
    )


def _ended(work: Iterable[WorkTotal]) -> JobCounts:
    counts = {JobState.DONE: 0, JobState.FAILED: 0}
    for one in work:
        counts[one.state] += one.jobs
    return JobCounts(counts[JobState.DONE], counts[JobState.FAILED])


def _seconds(work: Iterable[WorkTotal]) -> float:
    return round(sum(one.seconds for one in work), 3)


def _by_recipe(work: Iterable[WorkTotal]) -> list[RecipeTotal]:
    """Return the sums of each recipe; the one that took the longest comes first."""
    parts: dict[str, list[WorkTotal]] = {}
    for one in work:
        parts.setdefault(one.recipe_name, []).append(one)
    return sorted((_recipe(*part) for part in parts.items()), key=lambda one: (-one.seconds, one.recipe))


def _recipe(name: str, work: list[WorkTotal]) -> RecipeTotal:
    ended, seconds = _ended(work), _seconds(work)
    done = [one for one in work if one.state is JobState.DONE]
    bytes_in = sum(one.bytes_in for one in done)
    per_second = 1 / seconds if seconds else 0.0
    return RecipeTotal(
        recipe=name,
        jobs=ended.total,
        failed=ended.failed,
        outputs=sum(one.outputs for one in done),
        bytes_in=bytes_in,
        bytes_out=sum(one.bytes_out for one in done),
        seconds=seconds,
        seconds_per_job=round(seconds / ended.total, 3),
        jobs_per_minute=round(60 * ended.total * per_second, 1),
        bytes_per_second=round(bytes_in * per_second, 1),
    )


def _by_day(work: Iterable[WorkTotal], since: float, until: float, zone: tzinfo) -> list[DayTotal]:
    hourly = until - since < _BY_THE_HOUR
    starts = list(_hours(since, until, zone) if hourly else _days(since, until, zone))
    moments = [start.timestamp() for start in starts]
    parts: list[list[WorkTotal]] = [[] for _ in starts]
    for one in work:
        # The first quarter of an hour may have begun before the first hour that is shown.
        parts[max(0, bisect_right(moments, one.start) - 1)].append(one)
    return [_day_sum(start, part, hourly=hourly) for start, part in zip(starts, parts, strict=True)]


def _day_sum(start: datetime, work: list[WorkTotal], *, hourly: bool) -> DayTotal:
    ended = _ended(work)
    done = [one for one in work if one.state is JobState.DONE]
    date = start.isoformat(timespec="minutes") if hourly else start.date().isoformat()
    bytes_in, bytes_out = sum(one.bytes_in for one in done), sum(one.bytes_out for one in done)
    return DayTotal(
        date=date,
        start=start.timestamp(),
        done=ended.done,
        failed=ended.failed,
        bytes_in=bytes_in,
        bytes_out=bytes_out,
    )


def _days(since: float, until: float, zone: tzinfo) -> Iterator[datetime]:
    """Yield when each local day began. Where clocks change at midnight, that is no midnight; Samoa left a day out."""
    date = datetime.fromtimestamp(since, zone).date()
    while True:
        midnight = datetime(date.year, date.month, date.day, tzinfo=zone).timestamp()
        if midnight >= until:
            return
        start = datetime.fromtimestamp(midnight, zone)
        if start.date() == date:
            yield start
        date += timedelta(days=1)


def _hours(since: float, until: float, zone: tzinfo) -> Iterator[datetime]:
    """Yield when each hour began, by real time: at the change back from summer time, two of them have the same name."""
    start = datetime.fromtimestamp(since, zone).replace(minute=0, second=0, microsecond=0).timestamp()
    while start < until:
        yield datetime.fromtimestamp(start, zone)
        start += _HOUR

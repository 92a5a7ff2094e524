"""The answer of `report`: the figures as JSON and as blocks with plots."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

import msgspec

from fileq.cli.times import iso_or_none
from fileq.cli.views.outcome.ended_jobs import brief_reason
from fileq.cli.views.places import relative_path
from fileq.display import Column, Facts, Plot, Series, Table, Text, Tone
from fileq.display.answer import Block, Cell
from fileq.job import Failure
from fileq.ledger.queries.history import FailureCause
from fileq.report import text
from fileq.report.figures import Figures
from fileq.units import describe_bytes, describe_bytes_change, describe_count


def report_document(figures: Figures) -> dict[str, Any]:
    """Return the JSON document of the figures."""
    plain: dict[str, Any] = msgspec.to_builtins(figures)
    days = [one | {"start": iso_or_none(one["start"])} for one in plain["days"]]
    return plain | {"since": iso_or_none(figures.since), "until": iso_or_none(figures.until), "days": days}


def report_blocks(figures: Figures, zone: tzinfo) -> list[Block]:
    """Return the figures for people, with times by the clock of `zone`."""
    title = Text(text.describe_period(figures, zone), Tone.TITLE)
    if figures.is_empty:
        return [title, Text("Nothing was done in this time.")]
    parts = [_facts(figures), _by_day(figures), _bytes(figures), _recipes(figures), _formats(figures)]
    parts += [_failures(figures), _watches(figures), _hosts(figures)]
    return [title, *(block for part in parts if part for block in (Text(), *part))]


def _facts(figures: Figures) -> list[Block]:
    failed = f", {figures.jobs.failed:,} failed" if figures.jobs.failed else ""
    facts: list[tuple[str, Cell]] = [
        ("jobs", Text(f"{figures.jobs.done:,} done{failed}", Tone.BAD if failed else Tone.GOOD)),
        ("files", f"{figures.files:,}"),
        ("outputs", f"{figures.outputs:,}"),
        ("bytes", describe_bytes_change(figures.bytes_in, figures.bytes_out)),
        ("saved", describe_bytes(figures.bytes_saved)),
        ("time", f"{text.describe_duration(figures.seconds)} of work"),
    ]
    gone = text.describe_removed(figures)
    return [Facts([*facts, *([("gone", gone)] if gone else [])])]


def _by_day(figures: Figures) -> list[Block]:
    if not figures.jobs.total:
        return []
    done = Series("done", [day.done for day in figures.days], Tone.GOOD)
    failed = Series("failed", [day.failed for day in figures.days], Tone.BAD)
    title = f"Jobs by {'hour' if figures.is_hourly else 'day'}"
    series = [done, failed] if figures.jobs.failed else [done]
    labels = text.day_labels(figures)
    return [Plot(title=title, labels=labels, series=series, describe_value=text.format_count, vertical=True)]


def _bytes(figures: Figures) -> list[Block]:
    if not figures.bytes_in:
        return []
    sums = Series("bytes", [figures.bytes_in, figures.bytes_out], Tone.BUSY)
    return [Plot(title="Bytes", labels=["in", "out"], series=[sums], describe_value=describe_bytes)]


def _recipes(figures: Figures) -> list[Block]:
    if not figures.recipes:
        return []
    times = Series("time", [one.seconds for one in figures.recipes], Tone.BUSY)
    names = [one.recipe for one in figures.recipes]
    columns = (
        Column("recipe", kind="path"), Column("jobs", kind="number"), Column("failed", kind="number"),
        Column("saved", kind="number"), Column("a job", kind="number"),
    )  # fmt: skip
    rows: Sequence[Sequence[Cell]] = [
        (
            one.recipe,
            f"{one.jobs:,}",
            Text(f"{one.failed:,}", Tone.BAD if one.failed else Tone.QUIET),
            describe_bytes(one.bytes_in - one.bytes_out),
            text.describe_duration(one.seconds_per_job),
        )
        for one in figures.recipes
    ]
    plot = Plot(title="Time by recipe", labels=names, series=[times], describe_value=text.describe_duration)
    return [plot, Text(), Table(columns, rows)]


def _formats(figures: Figures) -> list[Block]:
    if not figures.formats:
        return []
    columns = (Column("format"), Column("outputs", kind="number"), Column("bytes", kind="number"))
    return [
        Table(columns, [(one.format, f"{one.outputs:,}", describe_bytes(one.bytes)) for one in figures.formats]),
    ]


def _failures(figures: Figures) -> list[Block]:
    found: list[Block] = []
    for cause in figures.failures:
        found += [
            *([Text()] if found else []),
            Text(f"{describe_count(cause.count, 'job')} failed: {cause.kind}", Tone.BAD),
            _example(cause),
            Text(text.describe_remedy(cause.hint, cause.kind), Tone.QUIET, indent=2),
        ]
    return found


def _example(cause: FailureCause) -> Text:
    example = cause.example
    reason = brief_reason(Failure(cause.kind, example.message, cause.hint), example.source)
    before = f"such as job {example.job_id}: "
    return Text(before, indent=2, path=relative_path(example.source), after=f": {reason}")


def _watches(figures: Figures) -> list[Block]:
    if not figures.watches:
        return []
    columns = (Column("watched folder", kind="path"), Column("jobs", kind="number"), Column("failed", kind="number"))
    return [Table(columns, [(relative_path(one.path), f"{one.jobs:,}", f"{one.failed:,}") for one in figures.watches])]


def _hosts(figures: Figures) -> list[Block]:
    """Return what each host has done, where there were several."""
    if len(figures.hosts) < 2:
        return []
    columns = (
        Column("host"), Column("jobs", kind="number"), Column("failed", kind="number"), Column("time", kind="number"),
    )  # fmt: skip
    rows: Sequence[Sequence[Cell]] = [
        (one.host, f"{one.jobs:,}", f"{one.failed:,}", text.describe_duration(one.seconds)) for one in figures.hosts
    ]
    return [Table(columns, rows)]

"""The report's figures in plain English: for the page, the terminal and the e-mail."""

from datetime import datetime, tzinfo

from fileq.escapes import escape_controls
from fileq.job import message_with_source
from fileq.ledger.queries.history import FailedJob, FailureCause, HostTotal, WatchTotal
from fileq.report.figures import Figures, RecipeTotal
from fileq.units import describe_bytes, describe_bytes_change, describe_count, describe_seconds

_DAYS_OF_A_YEAR = 365
_PARTS = 5
"""How many recipes, causes and folders the summary names: all of it in 40 lines."""


def format_count(number: float) -> str:
    """Return 1,200."""
    return f"{number:,.0f}"


def format_speed(bytes_per_second: float) -> str:
    """Return 1.25 MB/s."""
    return f"{describe_bytes(bytes_per_second)}/s"


def describe_period(figures: Figures, zone: tzinfo) -> str:
    """Return 16 Nov 2026 06:00 to 23 Nov 2026 06:00, by the clock of `zone`."""
    since, until = (datetime.fromtimestamp(moment, zone) for moment in (figures.since, figures.until))
    return f"{since.day} {since:%b %Y %H:%M} to {until.day} {until:%b %Y %H:%M}"


def day_labels(figures: Figures) -> list[str]:
    """Return 16 Nov for each day, 22:00 for each hour; with the year where the same date may come twice."""
    form = "%H:%M" if figures.is_hourly else "%b %Y" if len(figures.days) > _DAYS_OF_A_YEAR else "%b"
    dates = [datetime.fromisoformat(day.date) for day in figures.days]
    return [f"{date:{form}}" if figures.is_hourly else f"{date.day} {date:{form}}" for date in dates]


def headline(figures: Figures) -> str:
    """Return 118 jobs done, 2 failed, 402 MB saved."""
    failed = f", {figures.jobs.failed:,} failed" if figures.jobs.failed else ""
    saved = f", {describe_bytes(figures.bytes_saved)} saved" if figures.bytes_saved > 0 else ""
    return f"{describe_count(figures.jobs.done, 'job')} done{failed}{saved}"


def describe_removed(figures: Figures) -> str:
    """Return what retention removed and what vanished, in words that end a sentence; "" where nothing did."""
    removed = figures.removed
    parts = []
    if removed.outputs:
        size = describe_bytes(removed.bytes)
        parts.append(f"{describe_count(removed.outputs, 'output')} removed by retention, {size}")
    if removed.kept_changed:
        parts.append(f"{describe_count(removed.kept_changed, 'output')} kept, changed by somebody")
    if figures.vanished:
        parts.append(f"{describe_count(figures.vanished, 'output')} gone without fileq's doing")
    return "; ".join(parts)


def describe_failure(example: FailedJob) -> str:
    """Return what happened to a job, with its source."""
    return message_with_source(example.message, example.source)


def describe_remedy(hint: str, kind: str) -> str:
    """Return what would fix failures of a kind: the hint, else to try again."""
    return hint or f"Try again with: fileq retry --failed --cause {kind}"


def describe_duration(seconds: float) -> str:
    """Return a length of time that may be short: 32 ms, 4.2 s, 3 min 20 s."""
    return f"{1000 * seconds:.0f} ms" if 0 < seconds < 0.9995 else describe_seconds(seconds)


# The summary of the weekly e-mail


def describe_figures(figures: Figures, zone: tzinfo) -> str:
    """Return the figures as plain text of at most 40 lines, with times by the clock of `zone`."""
    lines = [describe_period(figures, zone), ""]
    if figures.is_empty:
        return "\n".join([*lines, "Nothing was done in this time.", ""])
    lines += [
        f"Jobs:     {figures.jobs.done:,} done, {figures.jobs.failed:,} failed",
        f"Files:    {figures.files:,}",
        f"Outputs:  {figures.outputs:,}",
        f"Bytes:    {describe_bytes_change(figures.bytes_in, figures.bytes_out)}",
        f"Time:     {describe_duration(figures.seconds)} of work",
    ]
    lines += _part("Recipes", [_recipe(recipe) for recipe in figures.recipes])
    lines += _part("Failures", [_failure(cause) for cause in figures.failures])
    lines += _part("Watched folders", [_watch(watch) for watch in figures.watches])
    lines += _part("Hosts", [_host(host) for host in figures.hosts]) if len(figures.hosts) > 1 else []
    gone = describe_removed(figures)
    return "\n".join([*lines, *(["", f"Gone: {gone}."] if gone else []), ""])


def _part(title: str, parts: list[str]) -> list[str]:
    more = [f"  and {len(parts) - _PARTS:,} more"] if len(parts) > _PARTS else []
    return ["", f"{title}:", *(f"  {part}" for part in parts[:_PARTS]), *more] if parts else []


def _recipe(recipe: RecipeTotal) -> str:
    failed = f", {recipe.failed:,} failed" if recipe.failed else ""
    jobs = f"{describe_count(recipe.jobs, 'job')}{failed}"
    saved = describe_bytes(recipe.bytes_in - recipe.bytes_out)
    return f"{escape_controls(recipe.recipe)}: {jobs}, {saved} saved, {describe_duration(recipe.seconds)}"


def _host(host: HostTotal) -> str:
    return f"{escape_controls(host.host)}: {describe_count(host.jobs, 'job')}, {host.failed:,} failed"


def _failure(cause: FailureCause) -> str:
    remedy = escape_controls(describe_remedy(cause.hint, cause.kind))
    return f"{describe_count(cause.count, 'job')}: {cause.kind}. {remedy}"


def _watch(watch: WatchTotal) -> str:
    return f"{escape_controls(watch.path)}: {describe_count(watch.jobs, 'job')}, {watch.failed:,} failed"

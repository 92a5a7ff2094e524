"""The figures in plain English: for the page, the terminal and the e-mail."""

from datetime import datetime, tzinfo

from fileq.ledger.queries.history import FailedJob
from fileq.report.figures import Figures
from fileq.units import describe_bytes, describe_count, describe_seconds

_DAYS_OF_A_YEAR = 365


def count(number: float) -> str:
    return f"{number:,.0f}"


def speed(bytes_per_second: float) -> str:
    return f"{describe_bytes(bytes_per_second)}/s"


def share_saved(bytes_in: int, bytes_out: int) -> str:
    """92 % less, 3 % more; the same where nothing changed."""
    if not bytes_in:
        return ""
    if bytes_in == bytes_out:
        return "the same"
    percent = 100 * abs(1 - bytes_out / bytes_in)
    # Nobody saves everything.
    amount = f"{min(percent, 99.9):.1f}" if 99 <= percent < 100 else f"{percent:,.0f}" if percent >= 1 else "under 1"
    return f"{amount} % {'less' if bytes_out < bytes_in else 'more'}"


def stretch(figures: Figures, zone: tzinfo) -> str:
    """16 Nov 2026 06:00 to 23 Nov 2026 06:00"""
    since, until = (datetime.fromtimestamp(moment, zone) for moment in (figures.since, figures.until))
    return f"{since.day} {since:%b %Y %H:%M} to {until.day} {until:%b %Y %H:%M}"


def days(figures: Figures) -> list[str]:
    """16 Nov for each day, 22:00 for each hour; with the year where the same date may come twice."""
    form = "%H:%M" if figures.is_by_the_hour else "%b %Y" if len(figures.days) > _DAYS_OF_A_YEAR else "%b"
    dates = [datetime.fromisoformat(day.date) for day in figures.days]
    return [f"{date:{form}}" if figures.is_by_the_hour else f"{date.day} {date:{form}}" for date in dates]


def headline(figures: Figures) -> str:
    """118 jobs done, 2 failed, 402 MB saved"""
    failed = f", {figures.jobs.failed:,} failed" if figures.jobs.failed else ""
    saved = f", {describe_bytes(figures.bytes_saved)} saved" if figures.bytes_saved > 0 else ""
    return f"{describe_count(figures.jobs.done, 'job')} done{failed}{saved}"


def bytes_in_words(figures: Figures) -> str:
    """402 MB → 31 MB, 92 % less"""
    if not figures.bytes_in:
        return "none"
    parts = describe_bytes(figures.bytes_in), describe_bytes(figures.bytes_out)
    return f"{' → '.join(parts)}, {share_saved(figures.bytes_in, figures.bytes_out)}"


def removed_in_words(figures: Figures) -> str:
    """What retention removed and what vanished; empty where nothing did."""
    removed = figures.removed
    parts = []
    if removed.outputs:
        parts.append(
            f"{describe_count(removed.outputs, 'output')} removed by retention, {describe_bytes(removed.bytes)}"
        )
    if removed.kept_changed:
        parts.append(f"{describe_count(removed.kept_changed, 'output')} kept, changed by somebody")
    if figures.vanished:
        parts.append(f"{describe_count(figures.vanished, 'output')} vanished by no doing of fileq")
    return "; ".join(parts)


def case(example: FailedJob) -> str:
    """What happened to a job, with its source."""
    return example.message if example.source in example.message else f"{example.source}: {example.message}"


def remedy(hint: str, kind: str) -> str:
    return hint or f"Try again with: fileq retry --failed --cause {kind}"


def took(seconds: float) -> str:
    """32 ms, 4.2 s, 3 min 20 s"""
    return f"{1000 * seconds:.0f} ms" if 0 < seconds < 0.9995 else describe_seconds(seconds)

"""The weekly report: a page in a folder, and a summary for an e-mail.

It is made in a child process: what goes in and comes out can be pickled.
"""

import os
from datetime import datetime, tzinfo

import msgspec

from fileq.errors import EnvironmentFailure
from fileq.escaping import escape_controls
from fileq.ledger import opened
from fileq.ledger.queries.history import FailureCause
from fileq.report import text
from fileq.report.figures import WEEK, Figures, RecipeSum, figures
from fileq.report.page import write_page
from fileq.timezone import local_zone
from fileq.units import describe_bytes, describe_count

_MOST = 5
"""How many recipes, causes and folders the summary names: all of it in 40 lines."""


class Written(msgspec.Struct, frozen=True):
    """The page's path, what it is called, and what is in it, as plain text of at most 40 lines."""

    path: str
    title: str
    summary: str


def write_weekly(database: str, folder: str, max_pixels: int, now: float) -> Written:
    """Write the page of the 7 days before `now` into `folder`, which is made where it isn't there.

    It is named after the local date; another of the same day takes its place.
    Raises LedgerError, and EnvironmentFailure where the page can't be written.
    """
    zone = local_zone()
    _make(folder)
    path = os.path.join(folder, f"fileq-{datetime.fromtimestamp(now, zone):%Y-%m-%d}.html")
    with opened(database) as ledger:
        found = figures(ledger, now - WEEK, now, zone)
        write_page(ledger, found, path, zone, max_pixels)
    return Written(path, f"fileq, the last week: {text.headline(found)}", summary(found, zone))


def _make(folder: str) -> None:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise EnvironmentFailure(
            f"The folder {folder} for the report can't be made: {error.strerror}.",
            "Choose another in [report] of the config.",
        ) from error


def summary(found: Figures, zone: tzinfo) -> str:
    """The figures as plain text."""
    lines = [text.stretch(found, zone), ""]
    if found.is_empty:
        return "\n".join([*lines, "Nothing was done in this time.", ""])
    lines += [
        f"Jobs:     {found.jobs.done:,} done, {found.jobs.failed:,} failed",
        f"Files:    {found.files:,}",
        f"Outputs:  {found.outputs:,}",
        f"Bytes:    {text.bytes_in_words(found)}",
        f"Time:     {text.took(found.seconds)} of work",
    ]
    lines += _part("Recipes", [_recipe(one) for one in found.recipes])
    lines += _part("Failures", [_failure(one) for one in found.failures])
    watches = [
        f"{escape_controls(one.path)}: {describe_count(one.jobs, 'job')}, {one.failed:,} failed"
        for one in found.watches
    ]
    lines += _part("Watched folders", watches)
    gone = text.removed_in_words(found)
    return "\n".join([*lines, *(["", f"Gone: {gone}."] if gone else []), ""])


def _part(title: str, parts: list[str]) -> list[str]:
    more = [f"  and {len(parts) - _MOST:,} more"] if len(parts) > _MOST else []
    return ["", f"{title}:", *(f"  {part}" for part in parts[:_MOST]), *more] if parts else []


def _recipe(one: RecipeSum) -> str:
    failed = f", {one.failed:,} failed" if one.failed else ""
    saved = describe_bytes(one.bytes_in - one.bytes_out)
    jobs = f"{describe_count(one.jobs, 'job')}{failed}"
    return f"{escape_controls(one.recipe)}: {jobs}, {saved} saved, {text.took(one.seconds)}"


def _failure(cause: FailureCause) -> str:
    return f"{describe_count(cause.count, 'job')}: {cause.kind}. {escape_controls(text.remedy(cause.hint, cause.kind))}"

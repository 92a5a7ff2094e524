"""The report as one HTML page, without scripts and without anything from elsewhere; each week one in a folder."""

import base64
import functools
import hashlib
import os
from datetime import datetime, tzinfo
from importlib import resources
from typing import Any

import jinja2
import msgspec
from markupsafe import Markup

from fileq.errors import EnvironmentFailure, FileqError, NotFoundError, UsageError
from fileq.escapes import escape_controls
from fileq.files.temp_file import replaced_file
from fileq.ledger import Ledger, open_ledger
from fileq.report import plots, text
from fileq.report.figures import WEEK, Figures, compute_figures
from fileq.report.plots import BarSeries
from fileq.report.sheet import ContactSheet, build_contact_sheet
from fileq.timezone import local_zone
from fileq.units import describe_bytes, describe_count, describe_saving, iso_time

_WAYS = {
    "count": text.format_count,
    "bytes": describe_bytes,
    "time": text.describe_duration,
    "speed": text.format_speed,
}


def write_page(ledger: Ledger, figures: Figures, path: str, zone: tzinfo, max_pixels: int) -> None:
    """Write the page, with pictures of at most `max_pixels`, to `path`: all of it, or nothing.

    Raises NotFoundError where there is no such folder, UsageError where another file stands there, EnvironmentFailure.
    """
    try:
        _refuse_other_files(path)
        with replaced_file(path) as file:
            pictures = build_contact_sheet(ledger, figures.since, figures.until, max_pixels)
            file.write(render_page(figures, pictures, zone).encode())
    except OSError as error:
        raise _failure(error, path) from error


_START = 64
"""Bytes by which a page is known."""


def _refuse_other_files(path: str) -> None:
    """Raise UsageError where another file stands there: a slip of the finger must not cost somebody a photo."""
    if not os.path.lexists(path):
        return
    if os.path.isfile(path) and not os.path.islink(path):
        with open(path, "rb") as file:
            if file.read(_START).lower().startswith((b"<!doctype html", b"<html")) or not os.path.getsize(path):
                return
    raise UsageError(f"{path} is there already, and is no page that could be written over.", "Choose another name.")


def _failure(error: OSError, path: str) -> FileqError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return NotFoundError(f"There is no folder {os.path.dirname(path)} for the page.", "Make it, or choose another.")
    return EnvironmentFailure(f"The page {path} can't be written: {error.strerror}.", "Choose another place for it.")


def render_page(figures: Figures, pictures: ContactSheet, zone: tzinfo) -> str:
    """Return the whole page as HTML, with times by the clock of `zone`."""
    style = _package_file("page.css")
    return _template().render(
        figures=figures,
        sheet=pictures,
        words=text,
        describe_count=describe_count,
        describe_saving=describe_saving,
        days=text.day_labels(figures),
        plots=_plots(figures),
        figure=functools.partial(_figure, msgspec.to_builtins(figures)),
        moment=functools.partial(_moment, zone),
        style=Markup(style),  # noqa: S704  # our own file
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )


def _package_file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"escape_controls": escape_controls, "bytes": describe_bytes}
    return environment.from_string(_package_file("page.html"))


def _figure(document: dict[str, Any], path: str, way: str) -> Markup:
    """Return a figure of the JSON document, in words, with its path there and its value."""
    value: Any = document
    for key in path.split("."):
        value = value[int(key)] if isinstance(value, list) else value[key]
    return Markup('<data value="{}" data-figure="{}">{}</data>').format(value, path, _WAYS[way](value))


def _moment(zone: tzinfo, seconds: float) -> Markup:
    """Return a time of day on a date, for people and machines."""
    local = datetime.fromtimestamp(seconds, zone)
    return Markup('<time datetime="{}">{}</time>').format(iso_time(seconds), f"{local.day} {local:%B %Y, %H:%M}")


def _plots(figures: Figures) -> dict[str, Markup]:
    """Return the plots that have something to show, by name."""
    drawn = {}
    days, every = text.day_labels(figures), "hour" if figures.is_hourly else "day"
    if figures.jobs.total:
        series = [_bars(figures.days, "days", key) for key in ("done", "failed")]
        drawn["jobs"] = plots.stacked_bars(f"Jobs by {every}", days, series, text.format_count)
    if figures.bytes_in:
        series = [_bars(figures.days, "days", f"bytes_{way}", way) for way in ("in", "out")]
        drawn["bytes"] = plots.grouped_bars(f"Bytes in and out by {every}", days, series, describe_bytes)
    if figures.recipes:
        names = [one.recipe for one in figures.recipes]
        drawn["recipes"] = plots.horizontal_bars(
            "Time by recipe", names, _bars(figures.recipes, "recipes", "seconds"), text.describe_duration
        )
    if figures.formats:
        names = [one.format for one in figures.formats]
        drawn["formats"] = plots.horizontal_bars(
            "Bytes by format", names, _bars(figures.formats, "formats", "bytes"), describe_bytes
        )
    return drawn


def _bars(parts: list[Any], place: str, key: str, name: str = "") -> BarSeries:
    paths = [f"{place}.{number}.{key}" for number in range(len(parts))]
    return BarSeries(name or key, [getattr(part, key) for part in parts], paths)


# The weekly report


class WeeklyReport(msgspec.Struct, frozen=True):
    """The page's path, and the title and the text of the e-mail that tells of it: at most 40 lines."""

    path: str
    title: str
    summary: str


def write_weekly_report(database: str, folder: str, max_pixels: int, now: float) -> WeeklyReport:
    """Write the page of the 7 days before `now` into `folder`, which is made where it isn't there.

    The page is named after the local date; a later one of the same day takes its place. It is made in a child process:
    what goes in and comes out can be pickled. Raises LedgerError, and EnvironmentFailure where it can't be written.
    """
    zone = local_zone()
    _make_folder(folder)
    path = os.path.join(folder, f"fileq-{datetime.fromtimestamp(now, zone):%Y-%m-%d}.html")
    with open_ledger(database) as ledger:
        found = compute_figures(ledger, now - WEEK, now, zone)
        write_page(ledger, found, path, zone, max_pixels)
    return WeeklyReport(path, f"fileq, the last week: {text.headline(found)}", text.describe_figures(found, zone))


def _make_folder(folder: str) -> None:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise EnvironmentFailure(
            f"The folder {folder} for the report can't be made: {error.strerror}.",
            "Choose another in [report] of the config.",
        ) from error

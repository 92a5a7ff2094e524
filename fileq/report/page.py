"""The report as one page: no script, nothing from elsewhere."""

import base64
import functools
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, tzinfo
from importlib import resources
from typing import Any, BinaryIO

import jinja2
import msgspec
from markupsafe import Markup

from fileq.errors import EnvironmentFailure, FileqError, NotFoundError, UsageError
from fileq.escaping import escape_controls
from fileq.ledger import Ledger
from fileq.report import plots, text
from fileq.report.figures import Figures
from fileq.report.plots import Bars
from fileq.report.sheet import Sheet, sheet
from fileq.units import describe_bytes

_WAYS = {"count": text.count, "bytes": describe_bytes, "time": text.took, "speed": text.speed}


def write_page(ledger: Ledger, figures: Figures, path: str, zone: tzinfo, max_pixels: int) -> None:
    """Write the page, with pictures of at most `max_pixels`, to `path`: all of it, or nothing.

    Raises NotFoundError where there is no such folder, EnvironmentFailure where the system won't have it.
    """
    with _published(path) as file:
        pictures = sheet(ledger, figures.since, figures.until, max_pixels)
        file.write(page(figures, pictures, zone).encode())


@contextmanager
def _published(path: str) -> Iterator[BinaryIO]:
    temp = os.path.join(os.path.dirname(path), f".fileq-{secrets.token_hex(6)}.part")
    try:
        _refuse_what_is_no_page(path)
        try:
            with open(temp, "xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temp, path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temp)
            raise
    except OSError as error:
        raise _failure(error, path) from error


_START = 64
"""Bytes by which a page is known."""


def _refuse_what_is_no_page(path: str) -> None:
    """A slip of the finger must not cost somebody a photo: only an earlier page is written over."""
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


def page(figures: Figures, pictures: Sheet, zone: tzinfo) -> str:
    """The whole page as HTML."""
    style = _package_file("page.css")
    return _template().render(
        figures=figures,
        sheet=pictures,
        words=text,
        days=text.days(figures),
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
    """A figure of the JSON document, in words, with its path there and its value."""
    value: Any = document
    for key in path.split("."):
        value = value[int(key)] if isinstance(value, list) else value[key]
    return Markup('<data value="{}" data-figure="{}">{}</data>').format(value, path, _WAYS[way](value))


def _moment(zone: tzinfo, seconds: float) -> Markup:
    """A time of day on a date, for people and machines."""
    local = datetime.fromtimestamp(seconds, zone)
    iso = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}">{}</time>').format(iso, f"{local.day} {local:%B %Y, %H:%M}")


def _plots(figures: Figures) -> dict[str, Markup]:
    """By name, those that have something to show."""
    drawn = {}
    days, every = text.days(figures), "hour" if figures.is_by_the_hour else "day"
    if figures.jobs.all:
        series = [_bars(figures.days, "days", key) for key in ("done", "failed")]
        drawn["jobs"] = plots.standing(f"Jobs by {every}", days, series, text.count)
    if figures.bytes_in:
        series = [_bars(figures.days, "days", f"bytes_{way}", way) for way in ("in", "out")]
        drawn["bytes"] = plots.neighbours(f"Bytes in and out by {every}", days, series, describe_bytes)
    if figures.recipes:
        names = [one.recipe for one in figures.recipes]
        drawn["recipes"] = plots.lying("Time by recipe", names, _bars(figures.recipes, "recipes", "seconds"), text.took)
    if figures.formats:
        names = [one.format for one in figures.formats]
        drawn["formats"] = plots.lying(
            "Bytes by format", names, _bars(figures.formats, "formats", "bytes"), describe_bytes
        )
    return drawn


def _bars(parts: list[Any], place: str, key: str, name: str = "") -> Bars:
    paths = [f"{place}.{number}.{key}" for number in range(len(parts))]
    return Bars(name or key, [getattr(part, key) for part in parts], paths)

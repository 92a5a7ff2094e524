"""The templates, and the words in them."""

import functools
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from typing import Any
from urllib.parse import urlencode

import jinja2
from markupsafe import Markup

from fileq.dashboard.desk import Desk
from fileq.escapes import escape_controls
from fileq.job import describe_states
from fileq.ledger.queries.overview import JobTally
from fileq.timezone import local_zone
from fileq.units import describe_bytes, describe_count, describe_saving, describe_seconds, iso_time


def render(template: str, desk: Desk, facts: Mapping[str, Any]) -> str:
    """Return a page, or a part of one, as HTML."""
    return (
        _environment()
        .get_template(template)
        .render(**facts, allows_actions=desk.allows_actions, form_key=desk.form_key)
    )


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: _read(f"templates/{name}")),
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "shown": escape_controls,
        "bytes": describe_bytes,
        "seconds": describe_seconds,
        "moment": _moment,
        "given": lambda values: urlencode({name: value for name, value in values.items() if value}),
        "number": lambda count: f"{count:,}",
    }
    environment.globals |= {
        "describe_count": describe_count,
        "describe_saving": describe_saving,
        "describe_states": describe_states,
        "share": _share,
    }
    return environment


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def read_static_file(name: str) -> bytes:
    """Return a style sheet or a script that pages load."""
    return resources.files(__package__).joinpath("static", name).read_bytes()


def _moment(seconds: float | None) -> Markup:
    """Return a time of day on a date, for people and machines."""
    if seconds is None:
        return Markup("")
    local = datetime.fromtimestamp(seconds, local_zone())
    return Markup('<time datetime="{}">{}</time>').format(iso_time(seconds), f"{local:%Y-%m-%d %H:%M:%S}")


def _share(tally: JobTally) -> float:
    """Return how much of a batch has ended, in percent."""
    return 100.0 * (tally.total - tally.unfinished) / tally.total if tally.total else 100.0

"""The page's plots: SVG by pygal, with no script, no style of their own and no link. The page's style colours them.

Each bar has the path of its figure in the JSON document, its value, and a title that shows under the pointer.
"""

import sys
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pygal
from markupsafe import Markup
from pygal.etree import etree
from pygal.style import Style

from fileq.escapes import escape_controls

# pygal leaves a finder of modules for its maps, which we don't have, in a form that Python has given up: it would warn
# at every import that comes later.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

_WIDTH, _HEIGHT = 460, 230
_BAR = 30  # px of height for a horizontal bar
_FONT = 12
_STYLE = Style(label_font_size=_FONT, major_label_font_size=_FONT, value_font_size=_FONT)
_LETTER = 7  # px of width, with some to spare
_LONGEST_NAME = 18
_ROOM_FOR_VALUES = 1.28
"""Horizontal bars end before the edge: their values stand there."""


class BarSeries(msgspec.Struct, frozen=True):
    """A series: its name, its values, and the path of each in the JSON document."""

    name: str
    values: Sequence[float]
    paths: Sequence[str]


def stacked_bars(
    title: str, names: Sequence[str], series: Sequence[BarSeries], describe_value: Callable[[float], str]
) -> Markup:
    """Return vertical bars for what goes on in time, the series on top of each other."""
    return _in_time(pygal.StackedBar, title, names, series, describe_value)


def grouped_bars(
    title: str, names: Sequence[str], series: Sequence[BarSeries], describe_value: Callable[[float], str]
) -> Markup:
    """Return vertical bars for what goes on in time, the series beside each other."""
    return _in_time(pygal.Bar, title, names, series, describe_value)


def _in_time(
    kind: Any, title: str, names: Sequence[str], series: Sequence[BarSeries], describe_value: Callable[[float], str]
) -> Markup:
    chart = kind(**_options(describe_value), width=_WIDTH, height=_HEIGHT, min_scale=2, max_scale=5)
    every = -(-len(names) * _LETTER * (max(map(len, names)) + 2) // _WIDTH)
    chart.x_labels = [name if place % every == 0 else "" for place, name in enumerate(names)]
    for one in series:
        chart.add(one.name, list(one.values))
    return _drawn(chart, title, names, series, describe_value)


def horizontal_bars(
    title: str, names: Sequence[str], bars: BarSeries, describe_value: Callable[[float], str]
) -> Markup:
    """Return horizontal bars for names with a value each, the first on top."""
    # pygal begins at the bottom.
    bars = BarSeries(bars.name, bars.values[::-1], bars.paths[::-1])
    names = [_short(name) for name in names[::-1]]
    top = max([*bars.values, 0]) or 1
    chart = pygal.HorizontalBar(
        **_options(describe_value), width=_WIDTH, height=len(names) * _BAR + 8,
        print_values=True, print_values_position="top", show_x_labels=False,
        margin_left=4 + _wider(names), range=(0, top * _ROOM_FOR_VALUES),
    )  # fmt: skip
    chart.x_labels = names
    chart.add(bars.name, list(bars.values))
    return _drawn(chart, title, names, [bars], describe_value)


def _wider(names: Sequence[str]) -> int:
    """Return the pixels that wide letters take beyond what pygal counts, which takes all for narrow ones."""
    wide = max(sum(unicodedata.east_asian_width(letter) in "WF" for letter in name) for name in names)
    return round(wide * _FONT / 2)


def _short(name: str) -> str:
    name = escape_controls(name)
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _options(describe_value: Callable[[float], str]) -> dict[str, Any]:
    return {
        "js": (), "css": (), "classes": ("chart",), "no_prefix": True, "disable_xml_declaration": True,
        "style": _STYLE, "show_legend": False, "margin": 4, "spacing": 6, "truncate_label": -1,
        "value_formatter": describe_value, "order_min": 0,
    }  # fmt: skip


def _drawn(
    chart: Any, title: str, names: Sequence[str], series: Sequence[BarSeries], describe_value: Callable[[float], str]
) -> Markup:
    chart.add_xml_filter(lambda root: _plain(root, title, names, series, describe_value))
    return Markup(chart.render())  # noqa: S704  # made by pygal's XML writer, which escapes all text


def _plain(
    root: Any, title: str, names: Sequence[str], series: Sequence[BarSeries], describe_value: Callable[[float], str]
) -> Any:
    """Return the drawing alone, with what it says to those who can't see it."""
    for parent in list(root.iter()):
        for child in list(parent):
            if not isinstance(child.tag, str) or child.tag in {"defs", "title", "desc"} or _is_for_scripts(child):
                parent.remove(child)
    del root.attrib["id"]
    root.set("role", "img")
    root.set("aria-label", title)
    for number, one in enumerate(series):
        bars = root.findall(f".//g[@class='series serie-{number} color-{number}']/g[@class='bars']/g/rect")
        for bar, name, value, path in zip(bars, names, one.values, one.paths, strict=True):
            bar.set("data-figure", path)
            bar.set("data-value", f"{value}")
            etree.SubElement(
                bar, "title"
            ).text = f"{name}: {describe_value(value)}{f' {one.name}' if len(series) > 1 else ''}"
    for text in root.iterfind(".//text[@text-anchor]"):
        text.set("text-anchor", "start")  # the value of a horizontal bar
    return root


def _is_for_scripts(element: Any) -> bool:
    return "tooltip-overlay" in element.get("class", "")

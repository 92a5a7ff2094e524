"""Plots of bars in a terminal, drawn by plotext.

plotext has one figure for the whole process: that is cleared before each plot and after it. Everything is placed on the
figure in cells, so that a value above 0 shows in at least one of them, and a value of 0 in none.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import plotext

from fileq.display.answer import Plot, Tone
from fileq.display.text_width import shorten, text_width
from fileq.escapes import escape_controls

MARKS = ("█", "░")
"""Of the first and the second series: told apart without colours, too."""

_COLOURS = {Tone.GOOD: "green", Tone.BAD: "red", Tone.BUSY: "cyan", Tone.WARNING: "orange"}
_ROWS = 9  # of vertical bars
_WIDEST = 8  # columns of a vertical bar
_NAMES = 3  # the names of horizontal bars take a third of the room at most
_STEPS = (1, 1.2, 1.6, 2, 4, 6, 8, 10)  # an axis ends at one of these, or ten, a hundred … times as much


def is_plot_empty(plot: Plot) -> bool:
    """Return whether no value of the plot is above 0."""
    return not any(value > 0 for series in plot.series for value in series.values)


def plot_title(plot: Plot, room: int) -> str:
    """Return the title, with how many labels a bar stands for where it stands for several."""
    together = _together(plot, room) if plot.vertical else 1
    return plot.title if together == 1 else f"{plot.title}, {together} to a bar"


def plot_lines(plot: Plot, room: int, *, coloured: bool) -> list[str]:
    """Return the lines of the bars with their labels, in at most `room` columns; coloured ones with control codes."""
    with _figure() as figure:
        draw = _draw_vertical if plot.vertical else _draw_horizontal
        draw(figure, plot, room)
        drawn: str = figure.build().string(colorless=not coloured)
    return drawn.splitlines()


@contextmanager
def _figure() -> Iterator[Any]:
    plotext.terminal.limit(width=False, height=False)
    figure = plotext.figure
    figure.clear()
    try:
        figure.theme("simple")
        figure.axes(active=False)
        figure.axes(active=True, axis="y", side="left")
        yield figure
    finally:
        figure.clear()


def _marker(plot: Plot, series: int) -> Any:
    return plotext.marker(MARKS[series], _COLOURS.get(plot.series[series].tone))


def _box(figure: Any, marker: Any, columns: tuple[int, int], rows: tuple[int, int]) -> None:
    """Fill the cells from the first to the last of `columns` and `rows`, counted from the lower left."""
    figure.draw(figure.rectangle(columns, rows, marker=marker))


def _set_limits(figure: Any, columns: int, rows: int) -> None:
    # A canvas of one cell has no scale: any limits that differ will do.
    figure.ruler("x").lim(0, max(1, columns - 1))
    figure.ruler("y").lim(0, max(1, rows - 1))


def _cells(value: float, top: float, cells: int) -> int:
    return max(1, round(value / top * cells)) if value > 0 else 0


# Vertical bars


def _draw_vertical(figure: Any, plot: Plot, room: int) -> None:
    together = _together(plot, room)
    stacks = list(zip(*(_added_up(one.values, together) for one in plot.series), strict=True))
    top = _top(max(map(sum, stacks)))
    ticks = _ticks(plot, top)
    canvas = room - 1 - max(map(text_width, ticks.values()))
    slot = min(canvas // len(stacks), _WIDEST + 1)
    figure.plot_size(room, _ROWS + 2)
    figure.axes(active=True, axis="x", side="lower")
    _set_limits(figure, canvas, _ROWS)
    for place, values in enumerate(stacks):
        columns = (place * slot, place * slot + max(0, slot - 2))
        _stack(figure, plot, columns, _stacked(values, top))
        _thin_out(figure, plot, columns, values, top)
    figure.ruler("y").ticks(list(ticks), list(ticks.values()))
    _name_places(figure, [escape_controls(label) for label in plot.labels[::together]], slot)


def _stack(figure: Any, plot: Plot, columns: tuple[int, int], rows: list[int]) -> None:
    base = 0
    for number, height in enumerate(rows):
        if height:
            _box(figure, _marker(plot, number), columns, (base, base + height - 1))
        base += height


def _thin_out(figure: Any, plot: Plot, columns: tuple[int, int], values: Sequence[float], top: float) -> None:
    """Give a little value beside a large one its share of the one row that it has: one of 1,198 is no tenth of them."""
    rows = _stacked(values, top)
    if len(values) == 1 or not all(rows):
        return
    little = min(range(len(values)), key=values.__getitem__)
    width = columns[1] - columns[0] + 1
    cells = _cells(values[little], top, _ROWS * width)
    if cells < width:
        row = sum(rows[:little])
        other = next(number for number in range(len(values)) if number != little)
        _box(figure, _marker(plot, other), (columns[0] + cells, columns[1]), (row, row))


def _name_places(figure: Any, labels: list[str], slot: int) -> None:
    """Write labels below the bars, as many as have room."""
    every = -(-(max(map(text_width, labels)) + 2) // slot)
    places = range(0, len(labels), every)
    centres = [place * slot + max(0, slot - 2) // 2 for place in places]
    figure.ruler("x").ticks(centres, [labels[place] for place in places])


def _together(plot: Plot, room: int) -> int:
    """Return how many neighbours are added up to one bar."""
    totals = [sum(values) for values in zip(*(one.values for one in plot.series), strict=True)]
    together = 1
    while True:
        top = _top(max(_added_up(totals, together)))
        canvas = room - 1 - max(text_width(label) for label in _ticks(plot, top).values())
        if -(-len(totals) // together) <= max(1, canvas):
            return together
        together += 1


def _added_up(values: Sequence[float], together: int) -> list[float]:
    return [sum(values[at : at + together]) for at in range(0, len(values), together)]


def _top(value: float) -> float:
    """Return the end of an axis that has room for the value, and of which a half can be said in few figures."""
    unit = 10.0 ** math.floor(math.log10(value))
    return next(step * unit for step in _STEPS if step * unit >= value * (1 - 1e-9))


def _ticks(plot: Plot, top: float) -> dict[int, str]:
    """Return what stands at which row: the axis's end, and its half where that has a name of its own."""
    half = plot.describe_value(top / 2)
    middle = {} if half in {plot.describe_value(0), plot.describe_value(top)} else {(_ROWS - 1) // 2: half}
    return middle | {_ROWS - 1: plot.describe_value(top)}


def _stacked(values: Sequence[float], top: float) -> list[int]:
    """Return the rows of each series on one place: above 0 there is one at least, in all those of the sum."""
    rows = [_cells(value, top, _ROWS) for value in values]
    over = sum(rows) - max(_cells(sum(values), top, _ROWS), sum(1 for row in rows if row))
    largest = rows.index(max(rows))
    rows[largest] -= over
    return rows


# Horizontal bars


def _draw_horizontal(figure: Any, plot: Plot, room: int) -> None:
    names = [shorten(escape_controls(label), room // _NAMES) for label in plot.labels]
    sayings = [[f" {plot.describe_value(value)}" for value in one.values] for one in plot.series]
    canvas = room - 1 - max(map(text_width, names))
    longest = max(1, canvas - max(text_width(saying) for column in sayings for saying in column))
    rows = len(names) * len(plot.series)
    top = max(max(one.values) for one in plot.series)
    figure.plot_size(room, rows)
    _set_limits(figure, canvas, rows)
    for number, one in enumerate(plot.series):
        for place, value in enumerate(one.values):
            row = rows - 1 - place * len(plot.series) - number
            cells = _cells(value, top, longest)
            if cells:
                _box(figure, _marker(plot, number), (0, cells - 1), (row, row))
            figure.draw(figure.text(cells, row, plotext.colorize(sayings[number][place], _COLOURS.get(one.tone))))
    first_rows = [rows - 1 - place * len(plot.series) for place in range(len(names))]
    figure.ruler("y").ticks(first_rows, names)
    figure.ruler("x").ticks([], [])

"""Answers and messages in colour, and progress that moves: for terminals, drawn by rich."""

import time
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.console import Console, Group, JustifyMethod, OverflowMethod, RenderableType
from rich.table import Table as RichTable
from rich.text import Text as RichText

from fileq.display.answer import Answer, Cell, Column, Facts, Page, Plot, Table, Text, Tone, text_of, tone_of
from fileq.display.live_region import LiveRegion, LiveScreen
from fileq.display.plain import PlainMessageWriter
from fileq.display.progress import Progress, StatusView, WatchView
from fileq.display.rich_lines import facts_lines, text_lines, wrap_text
from fileq.display.rich_progress import STYLES, fit_text, render_progress, render_status_view, render_watch_view
from fileq.display.text_width import shorten_path, text_width
from fileq.escapes import escape_controls

_GAP = 2
_LEAST = 9
"""A long column is made no narrower than this."""
_DRAG_SECONDS = 3.0
"""Within this time after a step of a resize, another may come."""


def _console(stream: TextIO, *, has_colors: bool) -> Console:
    return Console(
        file=stream, force_terminal=True, no_color=not has_colors, highlight=False, markup=False, emoji=False
    )


def _text(cell: Cell, room: int | None = None) -> RichText:
    if isinstance(cell, Text) and cell.path:
        return fit_text(cell, room)
    text = escape_controls(text_of(cell))
    return RichText(text if room is None else shorten_path(text, room), STYLES[tone_of(cell)])


class RichAnswerWriter:
    """Prints the blocks of answers in colour."""

    def __init__(self, stream: TextIO, *, has_colors: bool = True) -> None:
        self._console = _console(stream, has_colors=has_colors)

    def answer(self, answer: Answer) -> None:
        """Print the answer's blocks, in colour."""
        for block in answer.blocks:
            match block:
                case Page():
                    self._show_page(block)
                case Text():
                    _print_lines(self._console, text_lines(block, self._console.width))
                case Facts():
                    _print_lines(self._console, facts_lines(block, self._console.width))
                case Table():
                    self._console.print(_table(block, self._console.width))
                case Plot():
                    self._console.print(_plot(block, self._console.width))

    def _show_page(self, page: Page) -> None:
        from fileq.display.pager import show_page  # noqa: PLC0415  # only the manual has pages
        from fileq.display.rich_page import render_page  # noqa: PLC0415  # Markdown takes a tenth of a second

        show_page(render_page(page.markdown, self._console), self._console.file, self._console.height)


def _print_lines(console: Console, lines: Iterable[RichText]) -> None:
    for line in lines:
        console.print(line, soft_wrap=True)


def _plot(plot: Plot, room: int) -> RenderableType:
    from fileq.display import plots  # noqa: PLC0415  # plotext takes a tenth of a second, and few answers have plots

    if plots.is_plot_empty(plot):
        return Group()
    head = RichText(escape_controls(plots.plot_title(plot, room)), "bold")
    if len(plot.series) > 1:
        for mark, series in zip(plots.MARKS, plot.series, strict=False):
            head.append(f"   {mark} ", STYLES[series.tone]).append(series.name, "dim not bold")
    # plotext has no control codes but colours, and labels had theirs written out before.
    return Group(head, *map(RichText.from_ansi, plots.plot_lines(plot, room, coloured=True)))


def _table(table: Table, room: int) -> RenderableType:
    columns, rows = _without_empty(table)
    widths = _widths(columns, [[text_width(escape_controls(text_of(cell))) for cell in row] for row in rows], room)
    grid = RichTable(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    for column, width in zip(columns, widths, strict=True):
        wraps = column.kind == "prose"
        justify: JustifyMethod = "right" if column.kind == "number" else "left"
        overflow: OverflowMethod = "fold" if wraps else "ellipsis"
        grid.add_column(column.title, width=width, no_wrap=not wraps, justify=justify, overflow=overflow)
    rooms = [width if column.kind == "path" else None for column, width in zip(columns, widths, strict=True)]
    for row in rows:
        grid.add_row(*(_text(cell, width) for cell, width in zip(row, rooms, strict=True)))
    return grid


def _without_empty(table: Table) -> tuple[list[Column], list[list[Cell]]]:
    """Return the columns and rows of a table without the columns in which no row has anything."""
    rows = list(table.rows)
    used = [at for at in range(len(table.columns)) if not rows or any(text_of(row[at]) for row in rows)]
    return [table.columns[at] for at in used], [[row[at] for at in used] for row in rows]


def _widths(columns: Sequence[Column], cells: list[list[int]], room: int) -> list[int]:
    """Return each column's width: paths and prose share what the others leave, as far as they need it."""
    widths = [max(text_width(column.title), *(row[at] for row in cells), 0) for at, column in enumerate(columns)]
    long = [at for at, column in enumerate(columns) if column.kind in ("path", "prose", "brief")]
    left = room - _GAP * (len(columns) - 1) - sum(width for at, width in enumerate(widths) if at not in long)
    for number, at in enumerate(sorted(long, key=lambda at: widths[at])):
        widths[at] = min(widths[at], max(_LEAST, left // (len(long) - number)))
        left -= widths[at]
    return widths


class RichMessageWriter:
    """Writes messages in colour. Progress is drawn when there is news, and never by a thread of its own."""

    def __init__(self, stream: TextIO, *, has_colors: bool = True) -> None:
        self._console = _console(stream, has_colors=has_colors)
        self._region = LiveRegion(stream)
        self._screen = LiveScreen(stream)
        self._last_width = self._console.width
        self._narrowest: int | None = None
        self._narrowed_at = float("-inf")
        # Colour may be forced into a file, movement not: there the lines are plain.
        self._lines = None if stream.isatty() else PlainMessageWriter(stream)

    def hint(self, text: str) -> None:
        """Print the hint as a dim line."""
        self._print(RichText(escape_controls(text), STYLES[Tone.QUIET]))

    def reason(self, text: str) -> None:
        """Print the sentence as a hint."""
        self.hint(text)

    def error(self, message: str, hint: str = "") -> None:
        """Print the error in red, with what would fix it."""
        text = RichText.assemble(("Error: ", "bold red"), escape_controls(message))
        if hint:
            text.append(f" {escape_controls(hint)}", "dim")
        self._print(text)

    def log(self, line: Text, *, is_routine: bool = False) -> None:
        """Print what has happened, in its tone; routine not where the progress shows it."""
        if not (is_routine and self.is_live):
            self._print(fit_text(line, self._console.width))

    def show_scanned(self, count: int) -> None:
        """Show the count of files in place of what was shown before."""
        if self._lines:
            self._lines.show_scanned(count)
        else:
            self._show(RichText(f"{count:,} files looked at"))

    def show_progress(self, progress: Progress) -> None:
        """Show a bar, and a line for each slot, in place of what was shown before."""
        if self._lines:
            self._lines.show_progress(progress)
        else:
            self._show(render_progress(progress, self._steady_room))

    def show_status(self, view: StatusView) -> None:
        """Show the unfinished batches on a screen of their own, in place of what was shown before."""
        if self._lines:
            self._lines.show_status(view)
        else:
            self._show(render_status_view(view, self._room), on=self._screen)

    @property
    def is_live(self) -> bool:
        """Whether the stream is a terminal."""
        return self._lines is None

    def show_watch(self, view: WatchView) -> None:
        """Show the watched folders in place of what was shown before; nothing where it is not live."""
        if self._lines is None:
            self._show(render_watch_view(view, self._steady_room))

    def clear_progress(self) -> None:
        """Take the progress off the terminal."""
        self._region.clear()
        self._screen.clear()

    def _print(self, text: RichText) -> None:
        self.clear_progress()
        _print_lines(self._console, wrap_text(text, self._console.width))

    @property
    def _room(self) -> int:
        # The last column stays free: what is written there leaves the cursor at a place that terminals disagree on.
        return max(1, self._console.width - 1)

    @property
    def _steady_room(self) -> int:
        """Return the columns of lines that the next resize may wrap: never again as many as before it was narrowed.

        tmux takes rows for what it wraps from the top of the screen, though the bottom is empty: of a bar near the top
        a part goes where nothing can erase it. So little is to wrap, and less while somebody draws at the window.
        """
        width, now = self._console.width, time.monotonic()
        if width < self._last_width:
            self._narrowest = min(width, self._narrowest or width)
            self._narrowed_at = now
        self._last_width = width
        room = min(width, self._narrowest or width) - 1
        return max(1, room * 2 // 3 if now < self._narrowed_at + _DRAG_SECONDS else room)

    def _show(self, view: RenderableType, *, on: LiveRegion | None = None) -> None:
        with self._console.capture() as capture:
            self._console.print(view, width=self._room)
        (on or self._region).draw(capture.get().splitlines()[: max(1, self._console.height - 1)])

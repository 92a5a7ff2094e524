"""Colour and movement, for terminals."""

import os
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console, Group, JustifyMethod, OverflowMethod, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table as RichTable
from rich.text import Text as RichText

from fileq.display.answer import Answer, Block, Cell, Column, Facts, Plot, Table, Text, Tone, text_of, tone_of
from fileq.display.plain import PlainMessages
from fileq.display.progress import Progress, Slot, parts_in_words
from fileq.display.text import shortened, shortened_path, width
from fileq.display.watches import Awaited, Watched, Watching
from fileq.escaping import escape_controls
from fileq.units import describe_seconds

STYLES = {
    Tone.PLAIN: "",
    Tone.TITLE: "bold",
    Tone.QUIET: "dim",
    Tone.GOOD: "green",
    Tone.BAD: "red",
    Tone.BUSY: "cyan",
    Tone.WARNING: "yellow",
}
_GAP = 2
_BAR = 32
_LEAST = 9
"""A long column is made no narrower than this."""
_SECONDS_SHOWN_FROM = 1.0  # before, they would only flicker


def _console(stream: TextIO) -> Console:
    return Console(file=stream, force_terminal=True, highlight=False, markup=False, emoji=False)


def _text(cell: Cell, room: int | None = None) -> RichText:
    text = escape_controls(text_of(cell))
    return RichText(text if room is None else shortened_path(text, room), STYLES[tone_of(cell)])


class RichAnswers:
    def __init__(self, stream: TextIO) -> None:
        self._console = _console(stream)

    def answer(self, answer: Answer) -> None:
        for block in answer.blocks:
            self._console.print(self._rendered(block))

    def _rendered(self, block: Block) -> RenderableType:
        match block:
            case Text():
                return Padding(_text(block), (0, 0, 0, block.indent))
            case Facts():
                return Padding(_facts(block), (0, 0, 0, block.indent))
            case Table():
                return _table(block, self._console.width)
            case Plot():
                return _plot(block, self._console.width)


def _plot(plot: Plot, room: int) -> RenderableType:
    from fileq.display import plots  # noqa: PLC0415  # plotext takes a tenth of a second, and few answers have plots

    if plots.is_empty(plot):
        return Group()
    head = RichText(escape_controls(plots.heading(plot, room)), "bold")
    if len(plot.series) > 1:
        for mark, series in zip(plots.MARKS, plot.series, strict=False):
            head.append(f"   {mark} ", STYLES[series.tone]).append(series.name, "dim not bold")
    # plotext has no control codes but colours, and labels had theirs written out before.
    return Group(head, *map(RichText.from_ansi, plots.lines(plot, room, coloured=True)))


def _facts(facts: Facts) -> RenderableType:
    grid = RichTable.grid(padding=(0, _GAP, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, value in facts.pairs:
        grid.add_row(name, _text(value))
    return grid


def _table(table: Table, room: int) -> RenderableType:
    rows = list(table.rows)
    widths = _widths(table.columns, [[width(escape_controls(text_of(cell))) for cell in row] for row in rows], room)
    grid = RichTable(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    for column, columns in zip(table.columns, widths, strict=True):
        wraps = column.long == "prose"
        justify: JustifyMethod = "right" if column.right else "left"
        overflow: OverflowMethod = "fold" if wraps else "ellipsis"
        grid.add_column(column.title, width=columns, no_wrap=not wraps, justify=justify, overflow=overflow)
    rooms = [columns if column.long == "path" else None for column, columns in zip(table.columns, widths, strict=True)]
    for row in rows:
        grid.add_row(*(_text(cell, columns) for cell, columns in zip(row, rooms, strict=True)))
    return grid


def _widths(columns: Sequence[Column], cells: list[list[int]], room: int) -> list[int]:
    """Each column's width: the long ones share what the others leave."""
    widths = [max(width(column.title), *(row[at] for row in cells), 0) for at, column in enumerate(columns)]
    long = [at for at, column in enumerate(columns) if column.long != "no"]
    spare = room - _GAP * (len(columns) - 1) - sum(widths)
    for at in sorted(long, key=lambda at: -widths[at]):
        if spare < 0:
            cut = min(-spare, max(0, widths[at] - _LEAST))
            widths[at] -= cut
            spare += cut
    return widths


class RichMessages:
    """The live part is drawn when there is news, and never by a thread of its own."""

    def __init__(self, stream: TextIO) -> None:
        self._console = _console(stream)
        self._live: Live | None = None
        # Colour may be forced into a file, movement not: there the lines are plain.
        self._lines = None if stream.isatty() else PlainMessages(stream)

    def hint(self, text: str) -> None:
        self.settle()
        self._console.print(RichText(escape_controls(text), STYLES[Tone.QUIET]))

    def error(self, message: str, hint: str = "") -> None:
        self.settle()
        told = RichText.assemble(("Error: ", "bold red"), escape_controls(message))
        if hint:
            told.append(f" {escape_controls(hint)}", "dim")
        self._console.print(told)

    def scanning(self, count: int) -> None:
        if self._lines:
            self._lines.scanning(count)
        else:
            self._show(RichText(f"{count:,} files looked at", "dim"))

    def working(self, progress: Progress) -> None:
        if self._lines:
            self._lines.working(progress)
        else:
            self._show(working_view(progress, self._console.width))

    @property
    def live(self) -> bool:
        return self._lines is None

    def watching(self, watching: Watching) -> None:
        if self._lines is None:
            self._show(watching_view(watching, self._console.width))

    def settle(self) -> None:
        if self._live:
            self._live.stop()
            self._live = None

    def _show(self, view: RenderableType) -> None:
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True, redirect_stdout=False)
            self._live.start()
        self._live.update(view, refresh=True)


def working_view(progress: Progress, room: int) -> RenderableType:
    """A bar with the numbers, and a line for each slot."""
    return Group(_bar(progress, room), *(_slot(slot, room) for slot in progress.slots))


def _bar(progress: Progress, room: int) -> RenderableType:
    words = RichText.assemble((f"{progress.ended:,}", "bold"), f" of {progress.total:,}")
    if progress.failed:
        words.append(f"   {progress.failed:,} failed", "red")
    for part in parts_in_words(progress):
        words.append(f"   {part}", "dim")
    bar = ProgressBar(
        total=max(progress.total, 1),
        completed=progress.ended,
        width=max(8, min(_BAR, room - 2 * _GAP - words.cell_len)),
        complete_style="cyan",
        finished_style="green",
    )
    grid = RichTable.grid(padding=(0, _GAP, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, overflow="ellipsis")
    grid.add_row(bar, words)
    return grid


def _slot(slot: Slot, room: int) -> RenderableType:
    if slot.source is None:
        return RichText("  idle", "dim")
    seconds = f"  {describe_seconds(slot.seconds)}" if slot.seconds >= _SECONDS_SHOWN_FROM else ""
    recipe = f"  {escape_controls(slot.recipe)}" if slot.recipe else ""
    name = shortened(escape_controls(os.path.basename(slot.source)), max(8, room - 4 - width(recipe) - width(seconds)))
    return RichText.assemble(("  ▸ ", "cyan"), name, (recipe, "dim"), (seconds, "dim"), no_wrap=True)


_AWAITED_SHOWN = 5
_STATE_STYLES = {"offline": "red", "catching up": "yellow", "polling": "cyan", "events": "green"}


def watching_view(watching: Watching, room: int) -> RenderableType:
    """Each folder with what is waited for there, and below it the work."""
    lines = [line for folder in watching.folders for line in _watched(folder, room)]
    work = [working_view(watching.progress, room)] if watching.progress else []
    return Group(*lines, *work)


def _watched(folder: Watched, room: int) -> list[RenderableType]:
    counts = f"  {folder.queued:,} queued" + (f", {folder.waiting:,} waiting" if folder.waiting else "")
    state = f"  {folder.state}"
    path = shortened_path(escape_controls(folder.path), max(_LEAST, room - width(counts) - width(state)))
    head = RichText.assemble((path, "bold"), (state, _STATE_STYLES.get(folder.state, "")), counts, no_wrap=True)
    problem = [RichText(f"  {escape_controls(folder.problem)}", "yellow")] if folder.problem else []
    return [head, *problem, *(_awaited(one, room) for one in folder.awaited[:_AWAITED_SHOWN])]


def _awaited(one: Awaited, room: int) -> RenderableType:
    why = f"  {one.reason}, {describe_seconds(one.seconds)}"
    name = shortened(escape_controls(os.path.basename(one.path)), max(8, room - 4 - width(why)))
    return RichText.assemble(("  … ", "yellow"), name, (why, "dim"), no_wrap=True)

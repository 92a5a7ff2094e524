"""Answers and messages in colour, and progress that moves: for terminals, drawn by rich."""

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
from fileq.display.plain import PlainMessageWriter
from fileq.display.progress import FolderView, Progress, SlotProgress, WaitingFileView, WatchView, describe_pace
from fileq.display.text_width import shorten, shorten_path, text_width
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
    return RichText(text if room is None else shorten_path(text, room), STYLES[tone_of(cell)])


class RichAnswerWriter:
    """Prints the blocks of answers in colour."""

    def __init__(self, stream: TextIO) -> None:
        self._console = _console(stream)

    def answer(self, answer: Answer) -> None:
        """Print the answer's blocks, in colour."""
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

    if plots.is_plot_empty(plot):
        return Group()
    head = RichText(escape_controls(plots.plot_title(plot, room)), "bold")
    if len(plot.series) > 1:
        for mark, series in zip(plots.MARKS, plot.series, strict=False):
            head.append(f"   {mark} ", STYLES[series.tone]).append(series.name, "dim not bold")
    # plotext has no control codes but colours, and labels had theirs written out before.
    return Group(head, *map(RichText.from_ansi, plots.plot_lines(plot, room, coloured=True)))


def _facts(facts: Facts) -> RenderableType:
    grid = RichTable.grid(padding=(0, _GAP, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, value in facts.pairs:
        grid.add_row(name, _text(value))
    return grid


def _table(table: Table, room: int) -> RenderableType:
    rows = list(table.rows)
    widths = _widths(
        table.columns, [[text_width(escape_controls(text_of(cell))) for cell in row] for row in rows], room
    )
    grid = RichTable(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    for column, width in zip(table.columns, widths, strict=True):
        wraps = column.kind == "prose"
        justify: JustifyMethod = "right" if column.kind == "number" else "left"
        overflow: OverflowMethod = "fold" if wraps else "ellipsis"
        grid.add_column(column.title, width=width, no_wrap=not wraps, justify=justify, overflow=overflow)
    rooms = [width if column.kind == "path" else None for column, width in zip(table.columns, widths, strict=True)]
    for row in rows:
        grid.add_row(*(_text(cell, width) for cell, width in zip(row, rooms, strict=True)))
    return grid


def _widths(columns: Sequence[Column], cells: list[list[int]], room: int) -> list[int]:
    """Return each column's width: paths and prose share what the others leave."""
    widths = [max(text_width(column.title), *(row[at] for row in cells), 0) for at, column in enumerate(columns)]
    long = [at for at, column in enumerate(columns) if column.kind in ("path", "prose")]
    spare = room - _GAP * (len(columns) - 1) - sum(widths)
    for at in sorted(long, key=lambda at: -widths[at]):
        if spare < 0:
            cut = min(-spare, max(0, widths[at] - _LEAST))
            widths[at] -= cut
            spare += cut
    return widths


class RichMessageWriter:
    """Writes messages in colour. Progress is drawn when there is news, and never by a thread of its own."""

    def __init__(self, stream: TextIO) -> None:
        self._console = _console(stream)
        self._live: Live | None = None
        # Colour may be forced into a file, movement not: there the lines are plain.
        self._lines = None if stream.isatty() else PlainMessageWriter(stream)

    def hint(self, text: str) -> None:
        """Print the hint as a dim line."""
        self.clear_progress()
        self._console.print(RichText(escape_controls(text), STYLES[Tone.QUIET]))

    def error(self, message: str, hint: str = "") -> None:
        """Print the error in red, with what would mend it."""
        self.clear_progress()
        text = RichText.assemble(("Error: ", "bold red"), escape_controls(message))
        if hint:
            text.append(f" {escape_controls(hint)}", "dim")
        self._console.print(text)

    def show_scanned(self, count: int) -> None:
        """Show the count of files in place of what was shown before."""
        if self._lines:
            self._lines.show_scanned(count)
        else:
            self._show(RichText(f"{count:,} files looked at", "dim"))

    def show_progress(self, progress: Progress) -> None:
        """Show a bar, and a line for each slot, in place of what was shown before."""
        if self._lines:
            self._lines.show_progress(progress)
        else:
            self._show(render_progress(progress, self._console.width))

    @property
    def is_live(self) -> bool:
        """Whether the stream is a terminal."""
        return self._lines is None

    def show_watch(self, view: WatchView) -> None:
        """Show the watched folders in place of what was shown before; nothing where it is not live."""
        if self._lines is None:
            self._show(render_watch_view(view, self._console.width))

    def clear_progress(self) -> None:
        """Take the progress off the terminal."""
        if self._live:
            self._live.stop()
            self._live = None

    def _show(self, view: RenderableType) -> None:
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True, redirect_stdout=False)
            self._live.start()
        self._live.update(view, refresh=True)


def render_progress(progress: Progress, room: int) -> RenderableType:
    """Return a bar with the numbers, and a line for each slot, for a terminal of `room` columns."""
    return Group(_bar(progress, room), *(_slot(slot, room) for slot in progress.slots))


def _bar(progress: Progress, room: int) -> RenderableType:
    words = RichText.assemble((f"{progress.ended:,}", "bold"), f" of {progress.total:,}")
    if progress.failed:
        words.append(f"   {progress.failed:,} failed", "red")
    for part in describe_pace(progress):
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


def _slot(slot: SlotProgress, room: int) -> RenderableType:
    if slot.source is None:
        return RichText("  idle", "dim")
    seconds = f"  {describe_seconds(slot.seconds)}" if slot.seconds >= _SECONDS_SHOWN_FROM else ""
    recipe = f"  {escape_controls(slot.recipe_name)}" if slot.recipe_name else ""
    name = shorten(
        escape_controls(os.path.basename(slot.source)), max(8, room - 4 - text_width(recipe) - text_width(seconds))
    )
    return RichText.assemble(("  ▸ ", "cyan"), name, (recipe, "dim"), (seconds, "dim"), no_wrap=True)


_WAITING_FILES_SHOWN = 5
_STATE_STYLES = {"offline": "red", "catching up": "yellow", "polling": "cyan", "events": "green"}


def render_watch_view(view: WatchView, room: int) -> RenderableType:
    """Return each folder with what is waited for there, and below it the work, for a terminal of `room` columns."""
    lines = [line for folder in view.folders for line in _folder(folder, room)]
    work = [render_progress(view.progress, room)] if view.progress else []
    return Group(*lines, *work)


def _folder(folder: FolderView, room: int) -> list[RenderableType]:
    counts = f"  {folder.queued:,} queued" + (f", {folder.waiting:,} waiting" if folder.waiting else "")
    state = f"  {folder.state}"
    path = shorten_path(escape_controls(folder.path), max(_LEAST, room - text_width(counts) - text_width(state)))
    head = RichText.assemble((path, "bold"), (state, _STATE_STYLES.get(folder.state, "")), counts, no_wrap=True)
    problem = [RichText(f"  {escape_controls(folder.problem)}", "yellow")] if folder.problem else []
    return [head, *problem, *(_waiting_file(file, room) for file in folder.waiting_files[:_WAITING_FILES_SHOWN])]


def _waiting_file(file: WaitingFileView, room: int) -> RenderableType:
    why = f"  {file.reason}, {describe_seconds(file.seconds)}"
    name = shorten(escape_controls(os.path.basename(file.path)), max(8, room - 4 - text_width(why)))
    return RichText.assemble(("  … ", "yellow"), name, (why, "dim"), no_wrap=True)

"""Answers and messages as plain lines: for pipes, files, NO_COLOR, and terminals that can do no more."""

import time
from collections.abc import Callable, Sequence
from itertools import chain, islice
from typing import TextIO

from fileq.display.answer import Answer, Block, Cell, Column, Facts, Page, Plot, Table, Text, text_of
from fileq.display.progress import Progress, StatusView, WatchView, describe_pace
from fileq.display.text_width import pad, text_width
from fileq.escapes import escape_controls

_FIRST_REPORT = 5.0
_REPORT_EVERY = 10.0
_COLUMNS = 80  # of a plot
_MEASURED = 1000
"""So many rows tell how wide columns are: a table may have a million."""


class PlainAnswerWriter:
    """Writes the blocks of answers as lines."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def answer(self, answer: Answer) -> None:
        """Write the answer's blocks as text, each row as it comes."""
        for block in answer.blocks:
            self._write(block)
        self._stream.flush()

    def _write(self, block: Block) -> None:
        match block:
            case Text():
                self._line(" " * block.indent + escape_controls(text_of(block)))
            case Facts():
                names = max((text_width(name) for name, _ in block.pairs), default=0)
                for name, value in block.pairs:
                    self._line(f"{' ' * block.indent}{pad(name, names)}  {escape_controls(text_of(value))}")
            case Table():
                self._table(block)
            case Plot():
                self._plot(block)
            case Page():
                for line in block.markdown.splitlines():
                    self._line(escape_controls(line))

    def _table(self, table: Table) -> None:
        rows = iter(table.rows)
        first = list(islice(rows, _MEASURED))
        widths = _widths(table.columns, first)
        self._row(table, widths, [column.title.upper() for column in table.columns])
        for cells in chain(first, rows):
            self._row(table, widths, [escape_controls(text_of(cell)) for cell in cells])

    def _row(self, table: Table, widths: list[int], cells: list[str]) -> None:
        self._line(
            "  ".join(
                pad(cell, width, is_right=column.kind == "number")
                for cell, width, column in zip(cells, widths, table.columns, strict=True)
            )
        )

    def _plot(self, plot: Plot) -> None:
        from fileq.display import plots  # noqa: PLC0415  # plotext takes a tenth of a second, and few answers have plots

        if plots.is_plot_empty(plot):
            return
        legend = [f"{mark} {series.name}" for mark, series in zip(plots.MARKS, plot.series, strict=False)]
        self._line(
            "   ".join([escape_controls(plots.plot_title(plot, _COLUMNS)), *(legend if len(legend) > 1 else [])])
        )
        for line in plots.plot_lines(plot, _COLUMNS, coloured=False):
            self._line(line)

    def _line(self, line: str) -> None:
        self._stream.write(f"{line.rstrip()}\n")


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> list[int]:
    """Return each column's width, of which these rows have none wider."""
    widths = [max(text_width(column.title), column.min_width) for column in columns]
    for row in rows:
        widths = [
            max(known, text_width(escape_controls(text_of(cell)))) for known, cell in zip(widths, row, strict=True)
        ]
    return widths


class PlainMessageWriter:
    """Writes messages as lines, and progress as a line now and then. `clock` answers seconds, as time.monotonic."""

    is_live = False

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._next_report = clock() + _FIRST_REPORT
        self._reported = (0, 0)

    def hint(self, text: str) -> None:
        """Write the hint as a line."""
        self._line(escape_controls(text))

    def reason(self, text: str) -> None:
        """Write the sentence as a line, in quiet too."""
        self._line(escape_controls(text))

    def error(self, message: str, hint: str = "") -> None:
        """Write the error as a line, with what would fix it."""
        self._line(f"Error: {escape_controls(message)} {escape_controls(hint)}".rstrip())

    def log(self, line: Text, *, is_routine: bool = False) -> None:
        """Write what has happened as a line, routine too."""
        del is_routine
        self._line(escape_controls(text_of(line)))

    def show_scanned(self, count: int) -> None:
        """Write the count of files, at most every ten seconds."""
        if self._is_time():
            self._line(f"{count:,} files looked at.")

    def show_progress(self, progress: Progress) -> None:
        """Write how far the work is where that is news, at most every ten seconds."""
        if (progress.ended, progress.total) == self._reported or not self._is_time():
            return
        self._reported = (progress.ended, progress.total)
        failed = f", {progress.failed:,} failed" if progress.failed else ""
        rest = "".join(f", {part}" for part in describe_pace(progress))
        self._line(f"{progress.ended:,} of {progress.total:,} done{failed}{rest}.")

    def show_status(self, view: StatusView) -> None:
        """Write how far all batches are where that is news, at most every ten seconds."""
        self.show_progress(view.total)

    def show_watch(self, view: WatchView) -> None:
        """Do nothing: what happens is told line by line."""

    def clear_progress(self) -> None:
        """Do nothing: lines stay."""

    def _is_time(self) -> bool:
        now = self._clock()
        if now < self._next_report:
            return False
        self._next_report = now + _REPORT_EVERY
        return True

    def _line(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


class QuietMessageWriter(PlainMessageWriter):
    """Writes errors alone, and why the command ends as it does."""

    def hint(self, text: str) -> None:
        """Do nothing."""

    def log(self, line: Text, *, is_routine: bool = False) -> None:
        """Do nothing."""

    def show_scanned(self, count: int) -> None:
        """Do nothing."""

    def show_progress(self, progress: Progress) -> None:
        """Do nothing."""

"""Plain lines: for pipes and files, for NO_COLOR, and for terminals that can no more."""

import time
from collections.abc import Callable, Sequence
from typing import TextIO

from fileq.display.answer import Answer, Block, Facts, Plot, Table, Text, text_of
from fileq.display.progress import Progress, parts_in_words
from fileq.display.text import padded, width
from fileq.display.watches import Watching
from fileq.escaping import escape_controls

_FIRST_REPORT = 5.0
_REPORT_EVERY = 10.0
_COLUMNS = 80  # of a plot


class PlainAnswers:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def answer(self, answer: Answer) -> None:
        for block in answer.blocks:
            self._write(block)
        self._stream.flush()

    def _write(self, block: Block) -> None:
        match block:
            case Text():
                self._line(" " * block.indent + escape_controls(block.text))
            case Facts():
                names = max((width(name) for name, _ in block.pairs), default=0)
                for name, value in block.pairs:
                    self._line(f"{' ' * block.indent}{padded(name, names)}  {escape_controls(text_of(value))}")
            case Table():
                self._table(block)
            case Plot():
                self._plot(block)

    def _table(self, table: Table) -> None:
        widths = _widths(table)
        self._row(table, widths, [column.title.upper() for column in table.columns])
        for cells in table.rows:
            self._row(table, widths, [escape_controls(text_of(cell)) for cell in cells])

    def _row(self, table: Table, widths: list[int], cells: list[str]) -> None:
        self._line(
            "  ".join(
                padded(cell, columns, right=column.right)
                for cell, columns, column in zip(cells, widths, table.columns, strict=True)
            )
        )

    def _plot(self, plot: Plot) -> None:
        from fileq.display import plots  # noqa: PLC0415  # plotext takes a tenth of a second, and few answers have plots

        if plots.is_empty(plot):
            return
        legend = [f"{mark} {series.name}" for mark, series in zip(plots.MARKS, plot.series, strict=False)]
        self._line("   ".join([escape_controls(plots.heading(plot, _COLUMNS)), *(legend if len(legend) > 1 else [])]))
        for line in plots.lines(plot, _COLUMNS, coloured=False):
            self._line(line)

    def _line(self, line: str) -> None:
        self._stream.write(f"{line.rstrip()}\n")


def _widths(table: Table) -> list[int]:
    """Each column's width. Rows that come one by one can't be measured before: there the least widths serve."""
    widths = [max(width(column.title), column.columns) for column in table.columns]
    if isinstance(table.rows, Sequence):
        for row in table.rows:
            widths = [
                max(known, width(escape_controls(text_of(cell)))) for known, cell in zip(widths, row, strict=True)
            ]
    return widths


class PlainMessages:
    """`clock` answers seconds, as time.monotonic does."""

    live = False

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._next_report = clock() + _FIRST_REPORT
        self._reported = (0, 0)

    def hint(self, text: str) -> None:
        self._line(escape_controls(text))

    def error(self, message: str, hint: str = "") -> None:
        self._line(f"Error: {escape_controls(message)} {escape_controls(hint)}".rstrip())

    def scanning(self, count: int) -> None:
        if self._is_time():
            self._line(f"{count:,} files looked at.")

    def working(self, progress: Progress) -> None:
        if (progress.ended, progress.total) == self._reported or not self._is_time():
            return
        self._reported = (progress.ended, progress.total)
        failed = f", {progress.failed:,} failed" if progress.failed else ""
        rest = "".join(f", {part}" for part in parts_in_words(progress))
        self._line(f"{progress.ended:,} of {progress.total:,} done{failed}{rest}.")

    def watching(self, watching: Watching) -> None:
        """What happens is told line by line."""

    def settle(self) -> None:
        """Lines stay."""

    def _is_time(self) -> bool:
        now = self._clock()
        if now < self._next_report:
            return False
        self._next_report = now + _REPORT_EVERY
        return True

    def _line(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


class QuietMessages(PlainMessages):
    """Errors alone."""

    def hint(self, text: str) -> None:
        pass

    def scanning(self, count: int) -> None:
        pass

    def working(self, progress: Progress) -> None:
        pass

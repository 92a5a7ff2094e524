"""An answer of a command: a document for machines, and blocks for people: lines, facts, tables, plots and pages.

Text in blocks may hold anything that a file name can; whoever shows it makes it safe.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Literal

import msgspec


class Tone(StrEnum):
    """What a piece of text means to the reader. Each display has its way to show it, or none."""

    PLAIN = "plain"
    TITLE = "title"
    QUIET = "quiet"
    GOOD = "good"
    BAD = "bad"
    BUSY = "busy"
    WARNING = "warning"


class Text(msgspec.Struct, frozen=True):
    """A piece of text: `text`, a path, and what follows that. `indent` counts columns.

    Where the terminal is narrow, the path loses its middle.
    """

    text: str = ""
    tone: Tone = Tone.PLAIN
    indent: int = 0
    path: str = ""
    after: str = ""


Cell = str | Text


def text_of(cell: Cell) -> str:
    """Return a cell's text, whatever its tone."""
    return f"{cell.text}{cell.path}{cell.after}" if isinstance(cell, Text) else cell


def tone_of(cell: Cell) -> Tone:
    """Return a cell's tone; plain text has the plain one."""
    return cell.tone if isinstance(cell, Text) else Tone.PLAIN


class Facts(msgspec.Struct, frozen=True):
    """Names and values, one pair a line."""

    pairs: Sequence[tuple[str, Cell]]
    indent: int = 0


class Column(msgspec.Struct, frozen=True):
    """A table's column, of at least `min_width` columns of the terminal.

    Numbers stand at the right. Where the terminal is narrow, a path loses its middle, brief text its end, and prose
    wraps. A column without anything in it isn't shown there.
    """

    title: str
    min_width: int = 0
    kind: Literal["text", "number", "path", "prose", "brief"] = "text"


class Table(msgspec.Struct, frozen=True):
    """Columns and rows. The rows may be an iterator of many: plain text writes each as it comes."""

    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]


class Series(msgspec.Struct, frozen=True):
    """Values from 0 up, one for each label of the plot. The name of an only series isn't shown."""

    name: str
    values: Sequence[float]
    tone: Tone = Tone.PLAIN


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """Bars for one or two series: vertical ones, stacked, for what goes on in time; else horizontal ones, side by side.

    Where vertical bars find no room, neighbours are added up. `describe_value` says a value in words.
    """

    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    describe_value: Callable[[float], str]
    vertical: bool = False


class Page(msgspec.Struct, frozen=True):
    """A page of the manual, in Markdown. On a terminal that it doesn't fit in, it is shown by a pager."""

    markdown: str


Block = Text | Facts | Table | Plot | Page


class Answer(msgspec.Struct, frozen=True):
    """An answer: `document` is what JSON can hold; an iterator in it becomes a list, written as it comes."""

    document: object
    blocks: Iterable[Block] = ()

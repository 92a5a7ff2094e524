"""Text in lines that fit a terminal, in which a command that can be pasted is never taken apart."""

import re
from collections.abc import Iterator

from rich.text import Text as RichText

from fileq.display.answer import Facts, Text, text_of, tone_of
from fileq.display.rich_progress import STYLES, fit_text
from fileq.display.text_width import pad, text_width
from fileq.escapes import escape_controls

_GAP = 2
_WORD = r"""(?:'[^']*'|"[^"]*"|[^\s'"])+?(?=[.;,]?(?:\s|$))"""
_COMMAND = rf"(?:(?<=: )fileq(?: {_WORD})+|^fileq(?: {_WORD})+(?<!\.)$)"
_PIECE = re.compile(rf"(?P<command>{_COMMAND}[.;,]?)(?=\s|$)\s*|\S+\s*|\s+")


def wrap_text(text: RichText, room: int) -> list[RichText]:
    """Return a text in lines of `room` columns.

    A command, which follows a colon or is all of the text, goes on a line of its own where the line before has no room
    for it; only a terminal that is narrower than the command breaks it, and knows that it is one line.
    """
    breaks, used = [], 0
    for piece in _PIECE.finditer(text.plain):
        columns = text_width(piece[0].rstrip())
        if used and used + columns > room:
            breaks.append(piece.start())
            used = 0
        if columns > room and not piece["command"]:
            breaks += _folds(piece[0].rstrip(), piece.start(), room)
            columns = text_width(text.plain[breaks[-1] : piece.end()].rstrip())
        used += columns + len(piece[0]) - len(piece[0].rstrip())
    lines = list(text.divide(breaks))
    for line in lines:
        line.rstrip()
    return lines


def _folds(word: str, start: int, room: int) -> Iterator[int]:
    """Yield where to break a word that is longer than a line, which begins at `start`."""
    used = 0
    for place, character in enumerate(word, start):
        columns = text_width(character)
        if used and used + columns > room:
            yield place
            used = 0
        used += columns


def text_lines(text: Text, room: int) -> Iterator[RichText]:
    """Yield the lines of a text, for a terminal of `room` columns."""
    for line in wrap_text(fit_text(text, room - text.indent), room - text.indent):
        yield RichText.assemble(" " * text.indent, line)


def facts_lines(facts: Facts, room: int) -> Iterator[RichText]:
    """Yield the lines of facts, the values below each other, for a terminal of `room` columns."""
    names = max((text_width(name) for name, _ in facts.pairs), default=0)
    before = facts.indent + names + _GAP
    for name, value in facts.pairs:
        text = (
            fit_text(value, room - before)
            if isinstance(value, Text) and value.path
            else RichText(escape_controls(text_of(value)), STYLES[tone_of(value)])
        )
        start = f"{' ' * facts.indent}{pad(name, names)}{' ' * _GAP}"
        for line in wrap_text(text, room - before):
            yield RichText.assemble((start, "dim"), line)
            start = " " * before

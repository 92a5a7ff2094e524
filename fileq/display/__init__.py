"""The display, all that a user sees: rich on a terminal, plain text elsewhere, JSON where it is asked for.

rich is imported only where it is used: plain text and JSON don't wait for it.
"""

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from fileq.display.answer import Answer, Column, Facts, Page, Plot, Series, Table, Text, Tone
from fileq.display.json import JsonAnswerWriter
from fileq.display.plain import PlainAnswerWriter, PlainMessageWriter, QuietMessageWriter
from fileq.display.progress import (
    BatchProgress,
    FolderView,
    Progress,
    SlotProgress,
    StatusView,
    WaitingFileView,
    WatchView,
)
from fileq.display.protocol import AnswerWriter, Display, MessageWriter
from fileq.display.streams import ListenedStream

__all__ = [
    "Answer",
    "BatchProgress",
    "Column",
    "Display",
    "Facts",
    "FolderView",
    "Page",
    "Plot",
    "Progress",
    "Series",
    "SlotProgress",
    "StatusView",
    "Table",
    "Text",
    "Tone",
    "WaitingFileView",
    "WatchView",
    "create_display",
    "is_rich_terminal",
]

_ROWS_ON_A_TERMINAL = 50


def create_display(
    *,
    json: bool = False,
    quiet: bool = False,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Display:
    """Return the display for these streams, else for the process's own."""
    answered = ListenedStream(stdout or sys.stdout, carries_answers=True)
    told = ListenedStream(stderr or sys.stderr, carries_answers=False)
    rows = _ROWS_ON_A_TERMINAL if answered.isatty() else None
    return Display(
        _answers(answered.as_text, environ, json=json),
        _messages(told.as_text, environ, quiet=quiet),
        rows,
        has_listeners=lambda: answered.is_heard and told.is_heard,
    )


def has_colors(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether colours are welcome. See https://no-color.org."""
    return not environ.get("NO_COLOR")


def is_rich_terminal(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether more than plain lines is welcome there: movement on a terminal, or colours by force.

    See https://force-color.org. NO_COLOR takes the colours alone.
    """
    if environ.get("FORCE_COLOR") and has_colors(environ):
        return True
    return stream.isatty() and environ.get("TERM") != "dumb"


def _answers(stream: TextIO, environ: Mapping[str, str], *, json: bool) -> AnswerWriter:
    if json:
        return JsonAnswerWriter(stream)
    if is_rich_terminal(stream, environ):
        from fileq.display.rich import RichAnswerWriter  # noqa: PLC0415  # see above

        return RichAnswerWriter(stream, has_colors=has_colors(environ))
    return PlainAnswerWriter(stream)


def _messages(stream: TextIO, environ: Mapping[str, str], *, quiet: bool) -> MessageWriter:
    if quiet:
        return QuietMessageWriter(stream)
    if is_rich_terminal(stream, environ):
        from fileq.display.rich import RichMessageWriter  # noqa: PLC0415  # see above

        return RichMessageWriter(stream, has_colors=has_colors(environ))
    return PlainMessageWriter(stream)

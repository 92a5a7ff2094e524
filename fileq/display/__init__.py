"""What a user sees: rich on a terminal, plain text elsewhere, JSON where it is asked for.

rich is imported only where it is used: plain text and JSON don't wait for it.
"""

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from fileq.display.answer import Answer, Column, Facts, Plot, Series, Table, Text, Tone
from fileq.display.json import JsonAnswers
from fileq.display.plain import PlainAnswers, PlainMessages, QuietMessages
from fileq.display.progress import Progress, Slot
from fileq.display.protocol import Answers, Display, Messages
from fileq.display.watches import Awaited, Watched, Watching

__all__ = [
    "Answer",
    "Awaited",
    "Column",
    "Display",
    "Facts",
    "Plot",
    "Progress",
    "Series",
    "Slot",
    "Table",
    "Text",
    "Tone",
    "Watched",
    "Watching",
    "choose",
    "is_rich",
]

_ROWS_ON_A_TERMINAL = 50


def choose(
    *,
    json: bool = False,
    quiet: bool = False,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Display:
    """The display for these streams."""
    stdout, stderr = stdout or sys.stdout, stderr or sys.stderr
    rows = _ROWS_ON_A_TERMINAL if stdout.isatty() else None
    return Display(_answers(stdout, environ, json=json), _messages(stderr, environ, quiet=quiet), rows)


def is_rich(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether colours and movement are welcome there. See https://no-color.org and https://force-color.org."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environ.get("TERM") != "dumb"


def _answers(stream: TextIO, environ: Mapping[str, str], *, json: bool) -> Answers:
    if json:
        return JsonAnswers(stream)
    if is_rich(stream, environ):
        from fileq.display.rich import RichAnswers  # noqa: PLC0415  # see above

        return RichAnswers(stream)
    return PlainAnswers(stream)


def _messages(stream: TextIO, environ: Mapping[str, str], *, quiet: bool) -> Messages:
    if quiet:
        return QuietMessages(stream)
    if is_rich(stream, environ):
        from fileq.display.rich import RichMessages  # noqa: PLC0415  # see above

        return RichMessages(stream)
    return PlainMessages(stream)

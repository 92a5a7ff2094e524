"""Lines that are drawn again and again in place of what stood there before: at a terminal's end, or on all of it."""

from collections.abc import Sequence
from typing import TextIO

_HIDE_CURSOR, _SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
_TO_END_OF_LINE, _TO_END_OF_SCREEN = "\x1b[K", "\x1b[J"
_CUT, _WRAP = "\x1b[?7l", "\x1b[?7h"
_OTHER_SCREEN, _FIRST_SCREEN, _HOME = "\x1b[?1049h", "\x1b[?1049l", "\x1b[H"


class LiveRegion:
    """Lines at the end of a terminal, drawn without a thread of their own.

    The cursor rests at the start of the first line. A terminal that becomes narrower wraps the lines that are there,
    each terminal in its way, but the cursor stays where its line begins: whatever came out of the lines below, the
    next drawing erases it, with nothing to count. Lines that are drawn while it becomes narrower are cut, not wrapped:
    each takes the row that is counted for the way back.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_shown = False

    def draw(self, lines: Sequence[str]) -> None:
        """Draw lines, each less wide than the terminal, and fewer than it has rows."""
        if not self._is_shown:
            self._write(self._beginning)
            self._is_shown = True
        text = f"{_TO_END_OF_LINE}\n".join(lines)
        self._write(f"{_CUT}{self._start}{text}{_TO_END_OF_SCREEN}{self._back_from(len(lines))}{_WRAP}")

    def clear(self) -> None:
        """Leave the terminal as it was before the first drawing."""
        if self._is_shown:
            self._is_shown = False
            self._write(self._ending)

    _beginning = _HIDE_CURSOR
    # Not from the first column: tmux keeps a screen that is cleared from its first place on in its history.
    _ending = f"\r {_TO_END_OF_SCREEN}\r{_TO_END_OF_LINE}{_SHOW_CURSOR}"
    _start = "\r"

    def _back_from(self, lines: int) -> str:
        return f"\x1b[{lines - 1}A\r" if lines > 1 else "\r"

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class LiveScreen(LiveRegion):
    """Lines on a screen of their own, which no terminal wraps: what stood on the first one is there again after."""

    _beginning = f"{_OTHER_SCREEN}{_HIDE_CURSOR}"
    _ending = f"{_SHOW_CURSOR}{_FIRST_SCREEN}"
    _start = _HOME

    def _back_from(self, lines: int) -> str:
        del lines
        return _HOME

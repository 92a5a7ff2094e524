"""The lines at the end of a terminal that are drawn again and again, in place of what stood there before."""

from collections.abc import Sequence
from typing import TextIO

_HIDE_CURSOR, _SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
_TO_END_OF_LINE, _TO_END_OF_SCREEN = "\x1b[K", "\x1b[J"


class LiveRegion:
    """Lines that are drawn in place of those drawn before, without a thread of its own.

    The cursor rests at the start of the first line. A terminal that becomes narrower wraps the lines that are there,
    each terminal in its way, but the cursor stays where its line begins: whatever came out of the lines below, the
    next drawing erases it, with nothing to count.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_shown = False

    def draw(self, lines: Sequence[str]) -> None:
        """Draw lines, each less wide than the terminal, and fewer than it has rows."""
        if not lines:
            self.clear()
            return
        start = "\r" if self._is_shown else f"{_HIDE_CURSOR}\r"
        text = f"{_TO_END_OF_LINE}\n".join(lines)
        back = f"\x1b[{len(lines) - 1}A\r" if len(lines) > 1 else "\r"
        self._write(f"{start}{text}{_TO_END_OF_SCREEN}{back}")
        self._is_shown = True

    def clear(self) -> None:
        """Leave the terminal as it was before the first drawing."""
        if self._is_shown:
            self._is_shown = False
            self._write(f"\r{_TO_END_OF_SCREEN}{_SHOW_CURSOR}")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

"""The lines on failures while others work on: on a terminal only so many at once, then how many more there were."""

import time
from collections.abc import Callable

from fileq.display import Display, Text, Tone
from fileq.units import describe_count

_MOST = 20
_WINDOW = 60.0
"""Seconds in which no more than that many lines are shown: 200 conflicts would push all else off the screen."""


class FailureLines:
    """Shows failures as they come. A log gets each; a terminal some in a minute, and the count of the others.

    `clock` answers seconds, as time.monotonic.
    """

    def __init__(self, display: Display, clock: Callable[[], float] = time.monotonic) -> None:
        self._display = display
        self._clock = clock
        self._since = float("-inf")
        self._shown = 0
        self._hidden = 0

    def show(self, line: Text) -> None:
        """Show a failure, or count it."""
        self.update()
        if self._shown < _MOST or not self._display.is_live:
            if not self._shown:
                self._since = self._clock()
            self._shown += 1
            self._display.log(line)
        else:
            self._hidden += 1

    def update(self) -> None:
        """Say how many were counted, once it is time for others."""
        if self._shown and self._clock() >= self._since + _WINDOW:
            self.close()

    def close(self) -> None:
        """Say how many were counted and not shown."""
        if self._hidden:
            self._display.log(Text(f"and {describe_count(self._hidden, 'more failure')}", Tone.BAD))
        self._shown = self._hidden = 0

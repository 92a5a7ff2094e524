"""How long to wait before the next try. Pure: `now` is a parameter."""

_AT_ONCE = 3
_LONGEST = 60.0
_PEACE = 300.0
"""Seconds without trouble after which the next one is the first again."""


class Backoff:
    """0, 0, 0, then 1 second, doubled up to 60."""

    def __init__(self) -> None:
        self._troubles = 0
        self._last = 0.0

    def next(self, now: float) -> float:
        """There is trouble again: in how many seconds to try."""
        if now - self._last > _PEACE:
            self._troubles = 0
        self._troubles += 1
        self._last = now
        if self._troubles <= _AT_ONCE:
            return 0.0
        return min(_LONGEST, 2.0 ** (self._troubles - _AT_ONCE - 1))

"""Slots work beside each other; but a job that may take its whole worker along is done while no other slot has any."""

import threading
from collections.abc import Callable

_LOOK = 0.2
"""Seconds between two looks whether who waits to be alone has been given up."""


class Solitude:
    """The turns of one worker's slots. Who wants to be alone is not passed by others for ever: no new turns begin."""

    def __init__(self) -> None:
        self._turns = 0
        self._wanting = 0
        self._changed = threading.Condition()

    @property
    def is_wanted(self) -> bool:
        """Whether a slot is alone, or waits to be."""
        return self._wanting > 0

    def begin_turn(self) -> bool:
        """Begin a turn beside others, and return True; False where a slot is alone, or waits to be."""
        with self._changed:
            if self._wanting:
                return False
            self._turns += 1
            return True

    def end_turn(self) -> None:
        """End a turn beside others."""
        with self._changed:
            self._turns -= 1
            self._changed.notify_all()

    def begin_alone(self, is_given_up: Callable[[], bool]) -> bool:
        """Wait until no other turn goes on, and return True; False where that is given up before."""
        with self._changed:
            self._wanting += 1
            while self._turns:
                if is_given_up():
                    self._wanting -= 1
                    return False
                self._changed.wait(_LOOK)
            self._turns += 1
            return True

    def end_alone(self) -> None:
        """End what `begin_alone` began."""
        with self._changed:
            self._wanting -= 1
        self.end_turn()

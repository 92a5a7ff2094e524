"""Threads whose start can't hang."""

import threading
from typing import Any

_PATIENCE = 5.0
"""Seconds that a thread has to begin: far more than it takes."""


class BoundedStartThread(threading.Thread):
    """A daemon thread whose `start` raises MemoryError where the thread died before it began.

    CPython waits for ever for the first sign of a thread that had no memory left to give one.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(daemon=True, **options)
        self._started = _BoundedEvent()

    def _bootstrap(self) -> None:
        """Run the thread. What ends it before it began is said by `start`, and not by the interpreter on stderr."""
        try:
            super()._bootstrap()  # type: ignore[misc]  # no part of its public face
        except Exception:
            if self._started.is_set():
                raise


class _BoundedEvent(threading.Event):
    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the event is set, or for so many seconds. Raises MemoryError where nobody sets it."""
        if not super().wait(_PATIENCE if timeout is None else timeout) and timeout is None:
            raise MemoryError("A thread could not begin.")
        return True

"""What is shown while a worker of our own works."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from fileq.cli.pace import Pace
from fileq.display import Display, Progress, Slot
from fileq.ledger import Ledger

if TYPE_CHECKING:
    from fileq.worker.slot import SlotActivity

_EVERY = 0.2
_EVERY_WHEN_IDLE = 1.0


class _Complaints(logging.Handler):
    """What a worker's threads complain of, such as a database that is locked for long: one line each, no traceback."""

    def __init__(self, display: Display) -> None:
        super().__init__(logging.WARNING)
        self._display = display

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        try:
            self._display.error(f"{record.getMessage().rstrip('.')}{f': {error}' if error else '.'}", "")
        except (OSError, ValueError):  # stderr is closed: who complains must not go down with it
            self.handleError(record)


def hear_complaints(display: Display, *, debug: bool) -> None:
    """Show what goes wrong in the threads of a worker; with `debug`, logging shows it in full."""
    if not debug:
        for name in ("huey", "fileq"):
            logger = logging.getLogger(name)
            logger.addHandler(_Complaints(display))
            logger.propagate = False


class Shows(Protocol):
    """Where progress goes."""

    def working(self, progress: Progress) -> None: ...


def stopping(display: Display) -> Callable[[], None]:
    """A worker's `on_stop`."""
    return lambda: display.hint("Stopping: the running jobs are finished first. Once more stops now.")


def ticker(ledger: Ledger, display: Shows, pace: Pace, batch: int | None) -> Callable[[Sequence["SlotActivity"]], None]:
    """A worker's `on_tick`: shows how far it is, at most five times a second, or once while nothing happens."""
    shown_at = 0.0

    def on_tick(activities: Sequence["SlotActivity"]) -> None:
        nonlocal shown_at
        now = time.monotonic()
        idle = all(activity.job is None for activity in activities)
        if now - shown_at < (_EVERY_WHEN_IDLE if idle else _EVERY):
            return
        shown_at = now
        slots = [Slot(activity.source, None, activity.seconds) for activity in activities]
        display.working(pace.progress(ledger.overview.tally(batch), now, slots=slots, paused=ledger.batches.paused()))

    return on_tick

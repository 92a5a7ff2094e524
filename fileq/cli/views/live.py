"""What is shown while a worker of our own works."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from fileq.cli.progress import ProgressTracker
from fileq.display import Display, Progress, SlotProgress
from fileq.ledger import Ledger

if TYPE_CHECKING:
    from fileq.worker.slot import SlotActivity

_EVERY = 0.2
_EVERY_WHEN_IDLE = 1.0

_SAID_FOR = 600.0
"""Seconds for which the same complaint is not repeated."""


class _DisplayLogHandler(logging.Handler):
    """What a worker's threads complain of, such as a database that is locked for long: one line each, no traceback.

    The same is said once in ten minutes.
    """

    def __init__(self, display: Display) -> None:
        super().__init__(logging.INFO)
        self._display = display
        self._said: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        text = f"{record.getMessage().rstrip('.')}{f': {error}' if error else '.'}"
        if record.levelno >= logging.WARNING and self._is_old(text):
            return
        try:
            if record.levelno >= logging.WARNING:
                self._display.error(text, "")
            else:
                self._display.hint(text)
        except (OSError, ValueError):  # stderr is closed: who complains must not go down with it
            self.handleError(record)

    def _is_old(self, text: str) -> bool:
        now = time.monotonic()
        self._said = {said: at for said, at in self._said.items() if now - at < _SAID_FOR}
        return self._said.setdefault(text, now) != now


def log_to_display(display: Display, *, debug: bool) -> None:
    """Show what goes wrong in the threads of a worker; with `debug`, logging shows it in full."""
    if not debug:
        for name in ("huey", "fileq"):
            logger = logging.getLogger(name)
            logger.addHandler(_DisplayLogHandler(display))
            logger.propagate = False
        logging.getLogger("fileq").setLevel(logging.INFO)


class ProgressSink(Protocol):
    """Where progress goes."""

    def show_progress(self, progress: Progress) -> None: ...


def stop_hint(display: Display) -> Callable[[], None]:
    """A worker's `on_stop`."""
    return lambda: display.hint("Stopping: the running jobs are finished first. Once more stops now.")


def progress_ticker(
    ledger: Ledger, display: ProgressSink, tracker: ProgressTracker, batch: int | None
) -> Callable[[Sequence["SlotActivity"]], None]:
    """A worker's `on_tick`: shows how far it is, at most five times a second, or once while nothing happens."""
    shown_at = 0.0

    def on_tick(activities: Sequence["SlotActivity"]) -> None:
        nonlocal shown_at
        now = time.monotonic()
        idle = all(activity.job is None for activity in activities)
        if now - shown_at < (_EVERY_WHEN_IDLE if idle else _EVERY):
            return
        shown_at = now
        slots = [SlotProgress(activity.source, None, activity.seconds) for activity in activities]
        display.show_progress(
            tracker.progress(ledger.overview.tally_jobs(batch), now, slots=slots, paused=ledger.batches.is_paused())
        )

    return on_tick

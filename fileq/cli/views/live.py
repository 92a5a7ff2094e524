"""The progress and the complaints of a worker in this process, shown while it works."""

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

_REPEAT_AFTER = 600.0
"""Seconds for which the same complaint is not repeated."""


class _DisplayLogHandler(logging.Handler):
    """Shows what a worker's threads complain of, such as a database that is locked for long: a line, no traceback.

    The same complaint is shown once in ten minutes.
    """

    def __init__(self, display: Display) -> None:
        super().__init__(logging.INFO)
        self._display = display
        self._shown_at: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record: warnings and worse as errors, the rest as hints."""
        error = record.exc_info[1] if record.exc_info else None
        text = f"{record.getMessage().rstrip('.')}{f': {error}' if error else '.'}"
        if record.levelno >= logging.WARNING and self._is_repeated(text):
            return
        try:
            if record.levelno >= logging.WARNING:
                self._display.error(text, "")
            else:
                self._display.hint(text)
        except (OSError, ValueError):  # stderr is closed: who complains must not go down with it
            self.handleError(record)

    def _is_repeated(self, text: str) -> bool:
        now = time.monotonic()
        self._shown_at = {known: at for known, at in self._shown_at.items() if now - at < _REPEAT_AFTER}
        return self._shown_at.setdefault(text, now) != now


def log_to_display(display: Display, *, debug: bool) -> None:
    """Show on the display what goes wrong in the threads of a worker; with `debug`, logging shows it in full."""
    if not debug:
        for name in ("huey", "fileq"):
            logger = logging.getLogger(name)
            logger.addHandler(_DisplayLogHandler(display))
            logger.propagate = False
        logging.getLogger("fileq").setLevel(logging.INFO)


class ProgressSink(Protocol):
    """What a ticker shows progress on."""

    def show_progress(self, progress: Progress) -> None:
        """Show how far the work is."""


def stop_hint(display: Display) -> Callable[[], None]:
    """Return a worker's `on_stop`, which says what is waited for."""
    return lambda: display.hint("Stopping: the running jobs are finished first. Once more stops now.")


def progress_ticker(
    ledger: Ledger, sink: ProgressSink, tracker: ProgressTracker, batch_id: int | None
) -> Callable[[Sequence["SlotActivity"]], None]:
    """Return a worker's `on_tick`, which shows progress at most five times a second, or once while nothing happens."""
    shown_at = 0.0

    def on_tick(activities: Sequence["SlotActivity"]) -> None:
        """Show progress where it is time."""
        nonlocal shown_at
        now = time.monotonic()
        idle = all(activity.job_id is None for activity in activities)
        if now - shown_at < (_EVERY_WHEN_IDLE if idle else _EVERY):
            return
        shown_at = now
        slots = [SlotProgress(activity.source, None, activity.seconds) for activity in activities]
        sink.show_progress(
            tracker.progress(ledger.overview.tally_jobs(batch_id), now, slots=slots, paused=ledger.batches.is_paused())
        )

    return on_tick

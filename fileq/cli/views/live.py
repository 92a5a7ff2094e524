"""The progress and the complaints of a worker in this process, shown while it works."""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from fileq.cli.views.outcome.ended_jobs import ended_job_line
from fileq.cli.views.outcome.failure_lines import FailureLines
from fileq.cli.views.outcome.work_summary import WorkSummary
from fileq.cli.work.meter import RunningWork
from fileq.cli.work.progress import PauseNotice, ProgressTracker
from fileq.display import Display, Progress, SlotProgress
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.job_group import Scope

if TYPE_CHECKING:
    from fileq.worker.ended_job import EndedJob
    from fileq.worker.slot import SlotActivity

_EVERY = 0.2
_EVERY_WHEN_IDLE = 1.0
_REST = 10

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
    return lambda: display.hint("Stopping: fileq finishes the running jobs first. Ctrl-C again stops at once.")


class EndedJobsReporter:
    """Shows the jobs of a worker in this process as they end: failures everywhere, and in logs what was done, too.

    The worker's slots tell of them in their threads; they are shown in the one that calls `show_new`.
    """

    def __init__(self, display: Display) -> None:
        self._display = display
        self._failures = FailureLines(display)
        self._new: deque[EndedJob] = deque()
        self.summary = WorkSummary()

    def on_ended(self, job: "EndedJob") -> None:
        """Take a job that has ended, in any thread."""
        self._new.append(job)

    def show_new(self) -> None:
        """Show what has ended since the last call."""
        while self._new:
            job = self._new.popleft()
            self.summary.add(job)
            if job.state is JobState.FAILED:
                self._failures.show(ended_job_line(job))
            else:
                self._display.log(ended_job_line(job), is_routine=job.state is JobState.DONE)
        self._failures.update()

    def close(self) -> None:
        """Show what has ended since the last call, and how many failures were not shown."""
        self.show_new()
        self._failures.close()


def progress_ticker(
    ledger: Ledger,
    sink: ProgressSink,
    tracker: ProgressTracker,
    scope: Scope,
    ended: EndedJobsReporter | None = None,
    notice: PauseNotice | None = None,
) -> Callable[[Sequence["SlotActivity"]], None]:
    """Return a worker's `on_tick`, which shows progress at most five times a second, or once while nothing happens.

    What has `ended` is shown at each tick; `notice` tells of a pause.
    """
    shown_at, rest = 0.0, 0.0
    recipe_names: set[str] = set()

    def on_tick(activities: Sequence["SlotActivity"]) -> None:
        """Show progress where it is time."""
        nonlocal shown_at, rest
        if ended is not None:
            ended.show_new()
        now = time.monotonic()
        idle = all(activity.job_id is None for activity in activities)
        recipe_names.update(activity.recipe_name for activity in activities if activity.recipe_name)
        if now - shown_at < max(rest, _EVERY_WHEN_IDLE if idle else _EVERY):
            return
        shown_at = now
        paused = ledger.batches.is_paused()
        if notice is not None:
            notice.show(paused=paused)
        sink.show_progress(
            tracker.progress(
                ledger.overview.tally_jobs(scope),
                now,
                slots=[_slot(activity, has_recipe=len(recipe_names) > 1) for activity in activities],
                running=_running(activities),
                paused=paused,
            )
        )
        # A look at each job of a large group takes a while: it is to take a small part of the time.
        rest = _REST * (time.monotonic() - now)

    return on_tick


def _running(activities: Sequence["SlotActivity"]) -> list[RunningWork]:
    return [RunningWork(one.fingerprint, one.size, one.seconds) for one in activities if one.job_id is not None]


def _slot(activity: "SlotActivity", *, has_recipe: bool) -> SlotProgress:
    return SlotProgress(activity.source, activity.recipe_name if has_recipe else None, activity.seconds)

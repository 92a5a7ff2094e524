"""The tasks of the schedule: each is given a context and the time, and returns a sentence on how it went."""

import os
import threading
from collections.abc import Callable

import msgspec

from fileq import intake, retention
from fileq.config import Config
from fileq.config.settings import AddSettings, Settings
from fileq.errors import EnvironmentFailure, UntrustedError
from fileq.health import CheckState, run_checks
from fileq.health.state import record_results
from fileq.ledger import Ledger
from fileq.notifications import enqueue_notification
from fileq.process.isolated import run_isolated
from fileq.retention.verification import record_vanished_outputs
from fileq.units import describe_bytes
from fileq.watch.specification import spec_from_config
from fileq.watch.status import is_watched
from fileq.watch.watcher import watch_once


class TaskContext(msgspec.Struct, frozen=True):
    """What a task is run with: a ledger of its own, the config in force, and what tells it to stop."""

    ledger: Ledger
    config: Config
    stop: threading.Event

    @property
    def settings(self) -> Settings:
        return self.config.settings


_REPORT_TIMEOUT = 1800.0
"""Seconds that the page may take: with a million jobs it takes ten, with a picture that hangs for ever."""

TaskFunction = Callable[[TaskContext, float], str]


def find_task(settings: Settings, name: str) -> TaskFunction:
    """Return the task of this name: one that every worker knows, or a batch that the config adds by the clock."""
    if name in _TASKS:
        return _TASKS[name]
    batch = next(batch for batch in settings.schedule.add if batch.name == name)
    return lambda context, now: add_batch(context, batch, now)


def clean_up(context: TaskContext, now: float) -> str:
    """Remove old outputs and purge old jobs, as the config says. Raises EnvironmentFailure where some stay."""
    stop, keeping = context.stop.is_set, context.config.faults
    result = retention.clean(context.ledger, context.settings, now, stop=stop, keeping=keeping)
    size = describe_bytes(result.bytes_freed)
    sentences = [f"{result.outputs_removed:,} outputs removed, {size}."] if result.outputs_removed else []
    sentences += [f"{result.jobs_purged:,} old jobs forgotten."] if result.jobs_purged else []
    sentences += [f"{result.kept_changed:,} changed by somebody, and kept."] if result.kept_changed else []
    sentences += result.left_to_others
    if result.failed:
        raise EnvironmentFailure(" ".join([*sentences, *result.problems[:3]]), "Look at the permissions.")
    return " ".join(sentences) or "Nothing to remove."


def write_report(context: TaskContext, now: float) -> str:
    """Write the report of the last week, in a process of its own, as it opens pictures; notify people of it."""
    database, settings = context.ledger.database, context.settings
    folder = settings.report.folder or os.path.join(database.folder, "reports")
    limit = settings.worker.max_pixels
    path, title, summary = run_isolated(
        _write_report, database.address, folder, limit, now, seconds=_REPORT_TIMEOUT, stop=context.stop
    )
    enqueue_notification(context.ledger, settings.notify, "report", title, summary, now, attachment=path)
    return f"Written to {path}."


def _write_report(database: str, folder: str, max_pixels: int, now: float) -> tuple[str, str, str]:
    from fileq.report.page import write_weekly_report  # noqa: PLC0415  # what draws it stays out of the worker's memory

    written = write_weekly_report(database, folder, max_pixels, now)
    return written.path, written.title, written.summary


def check_health(context: TaskContext, now: float) -> str:
    """Run the health checks, and notify people of what turned."""
    results = run_checks(context.ledger, context.config, context.ledger.database.address, now)
    change = record_results(context.ledger, results, now)
    if change is not None:
        enqueue_notification(context.ledger, context.settings.notify, "unhealthy", change.title, change.body, now)
    bad = [result.name for result in results if result.state is CheckState.BAD]
    return f"Not well: {', '.join(bad)}. See: fileq doctor" if bad else "All is well."


def rescan_folders(context: TaskContext, now: float) -> str:
    """Queue what is new in watched folders that nobody watches now, and record which outputs are missing."""
    sentences, untrusted = [], None
    for watch in context.settings.watch:
        if context.stop.is_set() or is_watched(context.ledger, watch.path):
            continue
        try:
            folder = spec_from_config(context.config, watch)
        except UntrustedError as error:
            untrusted = error
            continue
        scan = watch_once(context.ledger, folder, context.stop.is_set)
        sentences += [f"{scan.queued_files:,} queued of {watch.path}."] if scan.queued_files else []
        sentences += [scan.problem] if scan.problem else []
    missing = record_vanished_outputs(context.ledger, now, context.stop.is_set)
    if missing:
        recipes = ", ".join(f"{recipe} {count:,}" for recipe, count in sorted(missing.items()))
        sentences.append(f"{missing.total():,} outputs have vanished ({recipes}). `fileq add` makes them again.")
    if untrusted is not None:
        raise UntrustedError(" ".join([*sentences, untrusted.message]), untrusted.hint)
    return " ".join(sentences) or "All is as it should be."


def add_batch(context: TaskContext, batch: AddSettings, now: float) -> str:
    """Queue what is new of a batch, and nothing that was ever queued: what retention removed doesn't come back."""
    names = dict.fromkeys(batch.recipe_names or context.settings.default)
    recipes = [context.config.recipe(name) for name in names]
    request = intake.AddRequest(paths=batch.paths, recipes=recipes, out=batch.out, repeat=intake.RepeatRule.NEVER)
    receipt = intake.add_files(context.ledger, request, now=now)
    sentence = f"{receipt.queued:,} queued as batch {receipt.batch_id}." if receipt.queued else "Nothing new."
    return " ".join([sentence, *(f"Skipped: {problem}." for problem in receipt.problems[:3])])


_TASKS: dict[str, TaskFunction] = {
    "clean": clean_up,
    "report": write_report,
    "health": check_health,
    "rescan": rescan_folders,
}

"""What each task of the schedule does. Each is given its place and the time, and answers in a sentence how it went."""

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
from fileq.process.isolated import aside
from fileq.retention.verification import record_missing_outputs
from fileq.units import describe_bytes
from fileq.watch.configured import watch_spec
from fileq.watch.one_shot import look_through
from fileq.watch.status import is_watched


class Place(msgspec.Struct, frozen=True):
    """Where a task is run: a ledger of its own, the config in force, and what tells it to stop."""

    ledger: Ledger
    config: Config
    stop: threading.Event

    @property
    def settings(self) -> Settings:
        return self.config.settings


_REPORT = 1800.0
"""Seconds that the page may take: with a million jobs it takes ten, with a picture that hangs for ever."""

Chore = Callable[[Place, float], str]


def chore(settings: Settings, name: str) -> Chore:
    """The task of this name: one of those that every worker knows, or a batch that the config adds by the clock."""
    if name in _CHORES:
        return _CHORES[name]
    batch = next(batch for batch in settings.schedule.add if batch.name == name)
    return lambda place, now: add(place, batch, now)


def clean(place: Place, now: float) -> str:
    """Apply retention."""
    cleaned = retention.clean(place.ledger, place.settings, now, stop=place.stop.is_set)
    size = describe_bytes(cleaned.bytes_freed)
    told = [f"{cleaned.outputs_removed:,} outputs removed, {size}."] if cleaned.outputs_removed else []
    told += [f"{cleaned.jobs_purged:,} old jobs forgotten."] if cleaned.jobs_purged else []
    told += [f"{cleaned.kept_changed:,} changed by somebody, and kept."] if cleaned.kept_changed else []
    if cleaned.failed:
        raise EnvironmentFailure(" ".join([*told, *cleaned.problems[:3]]), "Look at the permissions.")
    return " ".join(told) or "Nothing to remove."


def report(place: Place, now: float) -> str:
    """Write the page of the last week, and tell of it. In a process of its own, as it opens pictures."""
    database, settings = place.ledger.database.path, place.settings
    folder = settings.report.folder or os.path.join(os.path.dirname(database), "reports")
    limit = settings.worker.max_pixels
    path, title, summary = aside(_write_report, database, folder, limit, now, seconds=_REPORT, stop=place.stop)
    enqueue_notification(place.ledger, settings.notify, "report", title, summary, now, attachment=path)
    return f"Written to {path}."


def _write_report(database: str, folder: str, max_pixels: int, now: float) -> tuple[str, str, str]:
    from fileq.report.page import write_weekly_report  # noqa: PLC0415  # what draws it stays out of the worker's memory

    written = write_weekly_report(database, folder, max_pixels, now)
    return written.path, written.title, written.summary


def health(place: Place, now: float) -> str:
    """Look whether all is well, and tell what turned."""
    checks = run_checks(place.ledger, place.config, place.ledger.database.path, now)
    change = record_results(place.ledger, checks, now)
    if change is not None:
        enqueue_notification(place.ledger, place.settings.notify, "unhealthy", change.title, change.body, now)
    ill = [check.name for check in checks if check.state is CheckState.BAD]
    return f"Not well: {', '.join(ill)}. See: fileq doctor" if ill else "All is well."


def rescan(place: Place, now: float) -> str:
    """Watched folders are brought in line with what is there; a folder with a watcher is, every minute."""
    told, untrusted = [], None
    for watch in place.settings.watch:
        if place.stop.is_set() or is_watched(place.ledger, watch.path):
            continue
        try:
            folder = watch_spec(place.config, watch)
        except UntrustedError as error:
            untrusted = error
            continue
        look = look_through(place.ledger, folder, place.stop.is_set)
        told += [f"{look.queued_files:,} queued of {watch.path}."] if look.queued_files else []
        told += [look.problem] if look.problem else []
    gone = record_missing_outputs(place.ledger, now, place.stop.is_set)
    if gone:
        recipes = ", ".join(f"{recipe} {count:,}" for recipe, count in sorted(gone.items()))
        told.append(f"{gone.total():,} outputs have vanished ({recipes}). `fileq add` makes them again.")
    if untrusted is not None:
        raise UntrustedError(" ".join([*told, untrusted.message]), untrusted.hint)
    return " ".join(told) or "All is as it should be."


def add(place: Place, batch: AddSettings, now: float) -> str:
    """Queue what is new, and nothing that was ever queued before: what retention removed doesn't come back."""
    names = dict.fromkeys(batch.recipes or place.settings.default)
    recipes = [place.config.recipe(name) for name in names]
    request = intake.AddRequest(paths=batch.paths, recipes=recipes, out=batch.out, repeat=intake.RepeatRule.NEVER)
    receipt = intake.add_files(place.ledger, request, now=now)
    told = f"{receipt.queued:,} queued as batch {receipt.batch_id}." if receipt.queued else "Nothing new."
    return " ".join([told, *(f"Passed over: {problem}." for problem in receipt.problems[:3])])


_CHORES: dict[str, Chore] = {"clean": clean, "report": report, "health": health, "rescan": rescan}

"""The schedule: whether its tasks went well last, and in time."""

from fileq.health.check import CheckContext, Finding, bad, combine, ok, warning
from fileq.ledger.tables.schedule import ScheduleEntry
from fileq.units import describe_count, describe_seconds

_LATE = 3600.0
_TIME_TO_BEGIN = 600.0
"""Seconds that a worker has for what was missed before it started."""


def check_schedule(context: CheckContext) -> Finding:
    """Check that no scheduled task has failed, or is overdue though a worker is there."""
    entries = context.ledger.scheduled_tasks.list_entries()
    lines = context.config.settings.schedule.lines
    in_force = [entry for entry in entries if lines.get(entry.name) == entry.cron]
    somebody = any(context.now - worker.started_at > _TIME_TO_BEGIN for worker in context.live_workers)
    late = [_late(entry, context.now) for entry in in_force] if somebody else []
    failed = map(_failed, _latest(entries))
    well = (
        f"{describe_count(len(in_force), 'task')} known, none has failed."
        if in_force
        else "No worker has begun with it yet."
    )
    return combine([*failed, *late], ok(well))


def _latest(entries: list[ScheduleEntry]) -> list[ScheduleEntry]:
    """Return the entry of each task that ran last: those of earlier configs may be there still."""
    by_name = {entry.name: entry for entry in sorted(entries, key=lambda entry: entry.finished_at or 0.0)}
    return list(by_name.values())


def _failed(entry: ScheduleEntry) -> Finding:
    if entry.outcome != "failed":
        return ok("")
    return bad(f"{entry.name} failed: {entry.message}", f"Fix that, then: fileq schedule run {entry.name}")


def _late(entry: ScheduleEntry, now: float) -> Finding:
    seconds = now - entry.next_at
    if entry.is_running or seconds <= _LATE:
        return ok("")
    message = f"{entry.name} is overdue by {describe_seconds(seconds)}, though a worker is running."
    return warning(message, "Is the worker one with --no-periodic? Then start another; else restart it.")

"""The answer of `schedule`: the tasks that happen by themselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from fileq.cli.times import iso_or_none
from fileq.config import Settings
from fileq.cron import Cron
from fileq.display import Column, Table, Text, Tone
from fileq.display.answer import Cell
from fileq.ledger import Ledger
from fileq.ledger.tables.schedule import ScheduleEntry
from fileq.timezone import local_zone

_COLUMNS = [
    Column("task"),
    Column("when"),
    Column("last run"),
    Column("outcome"),
    Column("next run"),
    Column("what it said", kind="prose"),
]
_TONES = {"done": Tone.GOOD, "failed": Tone.BAD, "stopped": Tone.WARNING, "running": Tone.BUSY}


class ScheduledTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task: its cron line, its last run and its next. Times are seconds since the epoch.

    `outcome` is None where the task has never run; it may be running now.
    """

    name: str
    cron: Cron
    started_at: float | None
    finished_at: float | None
    outcome: str | None
    message: str
    next_at: float | None


def scheduled_tasks(ledger: Ledger, settings: Settings, now: float) -> list[ScheduledTask]:
    """Return the tasks of the config's schedule, with what the ledger knows of their runs."""
    entries = {(entry.name, entry.cron): entry for entry in ledger.scheduled_tasks.list_entries()}
    return [
        _scheduled_task(name, cron, entries.get((name, cron)), now) for name, cron in settings.schedule.lines.items()
    ]


def _scheduled_task(name: str, cron: Cron, entry: ScheduleEntry | None, now: float) -> ScheduledTask:
    if entry is None:
        return ScheduledTask(
            name=name,
            cron=cron,
            started_at=None,
            finished_at=None,
            outcome=None,
            message="",
            next_at=cron.next_after(now, local_zone()),
        )
    outcome = "running" if entry.is_running else entry.outcome
    next_at = None if cron.is_off and entry.retry_at is None else entry.next_at
    return ScheduledTask(
        name=name,
        cron=cron,
        started_at=entry.started_at,
        finished_at=entry.finished_at,
        outcome=outcome,
        message=entry.message,
        next_at=next_at,
    )


def task_document(task: ScheduledTask) -> dict[str, Any]:
    """Return the JSON document of a task."""
    seconds = None
    if task.finished_at is not None and task.started_at is not None:
        seconds = round(task.finished_at - task.started_at, 3)
    return {
        "name": task.name,
        "cron": task.cron,
        "last_run": iso_or_none(task.started_at),
        "seconds": seconds,
        "outcome": task.outcome,
        "message": task.message,
        "next_run": iso_or_none(task.next_at),
    }


def task_table(tasks: Sequence[ScheduledTask], now: float, *, is_worker_there: bool) -> Table:
    """Return the table of tasks at the time `now`; a worker, where one is there, looks at the clock once a minute."""
    soon = Text("within a minute") if is_worker_there else Text("once a worker runs", Tone.WARNING)
    return Table(_COLUMNS, [_row(task, now, soon) for task in tasks])


def _row(task: ScheduledTask, now: float, soon: Text) -> tuple[Cell, ...]:
    outcome = Text(task.outcome or "", _TONES.get(task.outcome or "", Tone.PLAIN))
    last = Text("never", Tone.QUIET) if task.started_at is None else local_day_and_time(task.started_at, now)
    message = "" if task.outcome == "failed" else task.message
    return task.name, Text(task.cron, Tone.QUIET), last, outcome, _next(task, now, soon), Text(message, Tone.QUIET)


def _next(task: ScheduledTask, now: float, soon: Text) -> Cell:
    if task.next_at is None:
        return Text("never", Tone.QUIET)
    if task.next_at > now:
        return local_day_and_time(task.next_at, now)
    return "" if task.outcome == "running" else soon


def local_day_and_time(moment: float, now: float) -> str:
    """Return today 14:05, tomorrow 02:00, Mon 23 Nov 06:00: in local time, to the minute."""
    then, today = datetime.fromtimestamp(moment).astimezone(), datetime.fromtimestamp(now).astimezone().date()
    days = {today: "today", today + timedelta(days=1): "tomorrow", today - timedelta(days=1): "yesterday"}
    return f"{days.get(then.date()) or then.strftime('%a %-d %b')} {then:%H:%M}"

"""What is done by the clock: when each task is due, who runs it, and how it went last."""

from typing import Any

import msgspec

from fileq.ledger.columns import encode_text
from fileq.ledger.database import Database
from fileq.presence import ProcessIdentity

_ROW = (
    "select name, cron, due_at, retry_at, tries, host, pid, process_started, started_at, finished_at, outcome, message"
    " from scheduled_tasks"
)


class ScheduleEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A task by its name and cron line. Times are seconds since the epoch; `outcome` is None while it runs."""

    name: str
    cron: str
    due_at: float
    retry_at: float | None
    tries: int
    runner: ProcessIdentity | None
    started_at: float | None
    finished_at: float | None
    outcome: str | None
    message: str

    @property
    def is_running(self) -> bool:
        return self.started_at is not None and self.finished_at is None

    @property
    def next_at(self) -> float:
        """Return when the task runs next: when it is due, or is tried again before."""
        return self.due_at if self.retry_at is None else min(self.due_at, self.retry_at)


class ScheduledTasks:
    """Two workers with different configs may share a ledger: a name has an entry for each of its lines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_entries(self) -> list[ScheduleEntry]:
        with self._database.reading() as connection:
            return [_entry(row) for row in connection.execute(f"{_ROW} order by name, cron")]

    def find_entry(self, name: str, cron: str) -> ScheduleEntry | None:
        with self._database.reading() as connection:
            row = connection.execute(f"{_ROW} where name = ? and cron = ?", (name, cron)).fetchone()
        return row and _entry(row)

    def insert_entry(self, name: str, cron: str, due_at: float) -> None:
        """Insert a task that is new, or has a new cron line. How it went last is taken over."""
        with self._database.transaction() as connection:
            last = connection.execute(
                "select host, pid, process_started, started_at, finished_at, outcome, message from scheduled_tasks"
                " where name = ? and finished_at is not null order by finished_at desc limit 1",
                (name,),
            ).fetchone()
            connection.execute(
                "insert into scheduled_tasks (name, cron, due_at, host, pid, process_started, started_at, finished_at,"
                " outcome, message) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
                (name, cron, due_at, *(last or (None, None, None, None, None, None, ""))),
            )

    def postpone_entry(self, name: str, cron: str, due_at: float) -> None:
        """Have a task due at another time."""
        with self._database.transaction() as connection:
            connection.execute(
                "update scheduled_tasks set due_at = ? where name = ? and cron = ?", (due_at, name, cron)
            )

    def begin_run(
        self, entry: ScheduleEntry, runner: ProcessIdentity, now: float, *, due_at: float, tries: int
    ) -> None:
        """Record that a task runs, for the `tries`th time since it was due; `due_at` is its next time."""
        with self._database.transaction() as connection:
            connection.execute(
                "update scheduled_tasks set due_at = ?, retry_at = null, tries = ?, host = ?,"
                " pid = ?, process_started = ?,"
                " started_at = ?, finished_at = null, outcome = null, message = '' where name = ? and cron = ?",
                (due_at, tries, runner.host, runner.pid, runner.started, now, entry.name, entry.cron),
            )

    def end_run(
        self,
        entry: ScheduleEntry,
        runner: ProcessIdentity,
        now: float,
        *,
        outcome: str,
        message: str,
        retry_at: float | None,
    ) -> None:
        """Record how a task ended; nothing changes where another process runs it by now."""
        begun = entry.name, entry.cron, runner.host, runner.pid, runner.started
        with self._database.transaction() as connection:
            connection.execute(
                "update scheduled_tasks set finished_at = ?, outcome = ?, message = ?, retry_at = ?"
                " where name = ? and cron = ? and finished_at is null and host = ? and pid = ? and process_started = ?",
                (now, outcome, encode_text(message), retry_at, *begun),
            )

    def delete_entry(self, name: str, cron: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("delete from scheduled_tasks where name = ? and cron = ?", (name, cron))


def _entry(row: Any) -> ScheduleEntry:
    name, line, due_at, retry_at, tries, host, pid, process_started, started_at, finished_at, outcome, message = row
    runner = None if host is None else ProcessIdentity(host, pid, process_started)
    return ScheduleEntry(
        name=name,
        cron=line,
        due_at=due_at,
        retry_at=retry_at,
        tries=tries,
        runner=runner,
        started_at=started_at,
        finished_at=finished_at,
        outcome=outcome,
        message=message,
    )

"""The scheduler: when each task is due, and which of several workers runs it, each due time once.

A claim is a row of the ledger that changes hands in one transaction. It sets the next due time too, so that of all
times that were missed, while the machine slept or no worker ran, one is made up for.
"""

from collections.abc import Collection, Mapping
from datetime import tzinfo

import msgspec

from fileq.cron import Cron
from fileq.errors import UsageError
from fileq.ledger import Ledger
from fileq.ledger.tables.schedule import ScheduleEntry
from fileq.presence import ProcessIdentity, may_be_at_work

RETRY_DELAYS = (60.0, 300.0, 900.0)
"""Seconds from a failure to the next try. After the last one it is tried again when it is due next."""

DEFERRAL = 600.0
"""Seconds for which a due task is left to others that are better placed: they may have no time for it."""

_NEVER = float("inf")


class TaskRun(msgspec.Struct, frozen=True):
    """A task that this process is to run now."""

    entry: ScheduleEntry
    tries: int
    """Which try it is since the task was due, from 1."""

    @property
    def name(self) -> str:
        return self.entry.name


class Scheduler:
    """Claims tasks for one process, `runner`. `lines` says when each task is due, in the time of `zone`."""

    def __init__(self, ledger: Ledger, lines: Mapping[str, Cron], zone: tzinfo, runner: ProcessIdentity) -> None:
        self._ledger = ledger
        self._lines = lines
        self._zone = zone
        self._runner = runner
        self._checked_at = _NEVER  # at the first check the clock may have been set back before we began

    def claim_due_tasks(self, now: float, deferred: Collection[str] = ()) -> list[TaskRun]:
        """Claim the tasks that are due, and return them: this process is to run them, then to call `end_run`.

        Those of the names `deferred` are left to other processes for a while first.
        """
        entries = {(entry.name, entry.cron): entry for entry in self._ledger.scheduled_tasks.list_entries()}
        set_back, self._checked_at = now < self._checked_at, now
        runs = []
        for name, cron in self._lines.items():
            if cron.is_off:
                continue
            entry = entries.get((name, cron))
            if entry is None:
                self._ledger.scheduled_tasks.insert_entry(name, cron, self._next_due_time(cron, now))
            elif self._is_due(entry, now - DEFERRAL if name in deferred else now):
                runs += self._claim_due_task(name, cron, now)
            elif set_back:
                self._correct_due_time(entry, cron, now)
        return runs

    def delete_obsolete_entries(self) -> None:
        """Delete the entries whose lines are no longer in the config."""
        for entry in self._ledger.scheduled_tasks.list_entries():
            if self._lines.get(entry.name) != entry.cron and not entry.is_running:
                self._ledger.scheduled_tasks.delete_entry(entry.name, entry.cron)

    def claim_task(self, name: str, now: float) -> TaskRun:
        """Claim the task of this name, to be run now, due or not. Raises UsageError where it is being run."""
        cron = self._lines[name]
        with self._ledger.transaction():
            self._ledger.scheduled_tasks.insert_entry(name, cron, self._next_due_time(cron, now))
            entry = self._ledger.scheduled_tasks.find_entry(name, cron)
            assert entry is not None
            if self._is_being_run(entry, now):
                pid = entry.runner and entry.runner.pid
                raise UsageError(f"{name} is being run already, by process {pid}.", "Wait until it has ended.")
            return self._begin_run(entry, cron, now, tries=1)

    def end_run(self, run: TaskRun, now: float, problem: str | None, message: str) -> None:
        """Record how a run has ended: well, or with a problem, and is then tried again."""
        failed = problem is not None
        again = failed and run.tries <= len(RETRY_DELAYS) and not self._lines[run.name].is_off
        retry_at = now + RETRY_DELAYS[run.tries - 1] if again else None
        outcome = "failed" if failed else "done"
        self._ledger.scheduled_tasks.end_run(
            run.entry, self._runner, now, outcome=outcome, message=problem or message, retry_at=retry_at
        )

    def stop_run(self, run: TaskRun, now: float) -> None:
        """Record that a run was stopped with this process: the next one goes on."""
        self._ledger.scheduled_tasks.end_run(run.entry, self._runner, now, outcome="stopped", message="", retry_at=now)

    def _is_due(self, entry: ScheduleEntry, now: float) -> bool:
        if entry.is_running:
            return not self._is_being_run(entry, now)
        return entry.next_at <= now

    def _is_being_run(self, entry: ScheduleEntry, now: float) -> bool:
        """Return whether a task is being run, by a process that is there. Of another machine's one can only guess."""
        runner = entry.runner
        if runner is None or entry.started_at is None or not entry.is_running:
            return False
        return may_be_at_work(runner, now - entry.started_at)

    def _claim_due_task(self, name: str, cron: Cron, now: float) -> list[TaskRun]:
        with self._ledger.transaction():
            entry = self._ledger.scheduled_tasks.find_entry(name, cron)
            if entry is None or not self._is_due(entry, now):
                return []  # another worker was faster
            overdue = entry.due_at <= now
            if entry.is_running and not overdue and entry.tries > len(RETRY_DELAYS):
                self._give_up(entry, now)
                return []
            return [self._begin_run(entry, cron, now, tries=1 if overdue else entry.tries + 1)]

    def _begin_run(self, entry: ScheduleEntry, cron: Cron, now: float, *, tries: int) -> TaskRun:
        due_at = entry.due_at if entry.due_at > now else self._next_due_time(cron, now)
        self._ledger.scheduled_tasks.begin_run(entry, self._runner, now, due_at=due_at, tries=tries)
        return TaskRun(entry, tries)

    def _give_up(self, entry: ScheduleEntry, now: float) -> None:
        """Record that a task has killed every process that ran it: it is left alone until it is due next."""
        assert entry.runner is not None
        message = f"The process that ran it died, {entry.tries} times."
        self._ledger.scheduled_tasks.end_run(entry, entry.runner, now, outcome="failed", message=message, retry_at=None)

    def _correct_due_time(self, entry: ScheduleEntry, cron: Cron, now: float) -> None:
        """Correct a due time that is further away than it can be, as the clock was set back.

        A time that lies between the next one and the one after it stays, so that nothing runs twice.
        """
        next_at = self._next_due_time(cron, now)
        if next_at < self._next_due_time(cron, next_at) < entry.due_at:
            self._ledger.scheduled_tasks.postpone_entry(entry.name, cron, next_at)

    def _next_due_time(self, cron: Cron, moment: float) -> float:
        next_at = cron.next_after(moment, self._zone)
        return _NEVER if next_at is None else next_at

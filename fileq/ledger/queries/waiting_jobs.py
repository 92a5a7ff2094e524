"""Jobs that wait for another try, when the clock on the wall was set back meanwhile."""

from fileq.ledger.columns import read_row
from fileq.ledger.database import UNFINISHED, Database
from fileq.ledger.tables.jobs import QueueEntry

_SLACK = 5.0
"""Seconds by which clocks of several hosts, and of one, may differ without having been set back."""


class WaitingJobs:
    def __init__(self, database: Database) -> None:
        self._database = database

    def bring_jobs_forward(self, now: float) -> list[QueueEntry]:
        """Bring forward what waits longer than it was to, and return it as it is due now, to be sent.

        A job whose last attempt ended in the future has waited since before the clock was set back. The attempt and
        the time at which the job is due move to the new clock: once, then the attempt has ended now. One that waits
        for a time that somebody has named is queued, and is not meant.
        """
        with self._database.transaction() as connection:
            rows = connection.execute(
                "select id, attempts, ended - ? from (select id, attempts,"  # noqa: S608  # ours
                " (select finished_at from attempts where job_id = jobs.id and number = jobs.attempts) as ended"
                f" from jobs where {UNFINISHED} and state = 'waiting' and due_at > ?) where ended > ?",
                (now, now, now + _SLACK),
            ).fetchall()
            connection.executemany(
                "update attempts set started_at = started_at - ?, finished_at = ? where job_id = ? and number = ?",
                [(step, now, job, number) for job, number, step in rows],
            )
            brought = [
                connection.execute(
                    "update jobs set due_at = due_at - ? where id = ? returning id, priority, due_at, size", (step, job)
                ).fetchone()
                for job, _, step in rows
            ]
        return [read_row(QueueEntry, row) for row in brought]

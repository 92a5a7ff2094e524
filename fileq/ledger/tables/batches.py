"""The jobs that one `add`, `run` or watch burst queued together, and the pause switch."""

from fileq.ledger.database import Database
from fileq.roots import ROOTS_FOLLOW, range_with_roots

_QUEUES_OF = (
    "with recursive names(name) as (select min(queue) from {table} union all"
    " select (select min(queue) from {table} where queue > name) from names where name is not null)"
    " select name from names where name is not null"
)
"""The names of all queues in one of Huey's tables: a step in its index for each, and none for each message."""

_USED = (
    "select queue as name from tallies join batches on batches.id = batch_id"  # noqa: S608  # ours
    " where state in ('queued', 'running', 'waiting') and jobs > 0"
    f" union select name from ({_QUEUES_OF.format(table='task')}) as sent"
    f" union select name from ({_QUEUES_OF.format(table='schedule')}) as scheduled"
)
"""The queues that have unfinished jobs, or messages."""


class Batches:
    def __init__(self, database: Database) -> None:
        self._database = database

    def insert_batch(self, queue: str, now: float, watch_id: int | None = None) -> int:
        """Insert a batch whose messages go through Huey's queue of this name, and return its id."""
        with self._database.transaction() as connection:
            (batch,) = connection.execute(
                "insert into batches (queue, watch_id, added_at) values (?, ?, ?) returning id", (queue, watch_id, now)
            ).fetchone()
        return int(batch)

    def reopen_batch(self, batch_id: int) -> None:
        """Have the end of a batch be told once more: a quick worker may have ended it before more came into it."""
        with self._database.transaction() as connection:
            connection.execute("update batches set notified = 0 where id = ? and notified = 1", (batch_id,))

    def delete_batch(self, batch_id: int) -> None:
        """Delete a batch in which nothing was queued after all."""
        with self._database.transaction() as connection:
            connection.execute("delete from batches where id = ?", (batch_id,))

    def has_jobs(self, batch_id: int) -> bool:
        """Return whether a batch has jobs that are listed still."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select 1 from tallies where batch_id = ? and jobs > 0 limit 1", (batch_id,)
            ).fetchone()
        return row is not None

    def was_opened(self, batch_id: int) -> bool:
        """Return whether there was a batch of this number, or one after it."""
        with self._database.reading() as connection:
            return connection.execute("select 1 from batches where id >= ?", (batch_id,)).fetchone() is not None

    def find_queue(self, job_id: int) -> str:
        """Return the name of the queue that carries a job's messages."""
        with self._database.reading() as connection:
            (queue,) = connection.execute(
                "select queue from batches join jobs on jobs.batch_id = batches.id where jobs.id = ?", (job_id,)
            ).fetchone()
        return str(queue)

    def move_queue(self, queue: str, to: str) -> None:
        """Move what a queue still has to another one, messages and all: its own worker is gone."""
        with self._database.transaction() as connection:
            connection.execute("update batches set queue = ?, handed_over = 1 where queue = ?", (to, queue))
            for table in ("task", "schedule"):
                connection.execute(
                    f"update {table} set queue = ? || substr(queue, ?) where queue = ? or queue >= ? and queue < ?",  # noqa: S608  # ours
                    (to, len(queue) + 1, queue, *range_with_roots(queue)),
                )

    def find_unserved_queues(self, main: str) -> list[str]:
        """Return the queues, other than the main one, that have jobs or messages, and no worker."""
        with self._database.reading() as connection:
            names = {str(name).partition(ROOTS_FOLLOW)[0] for (name,) in connection.execute(_USED).fetchall()}
            served = {name for (name,) in connection.execute("select queue from workers")}
        return sorted(names - served - {main})

    def set_paused(self, *, paused: bool) -> None:
        """Have nobody begin a job while paused. What runs goes on."""
        with self._database.transaction() as connection:
            connection.execute("delete from meta where key = 'paused'")
            if paused:
                connection.execute("insert into meta values ('paused', 'yes')")

    def is_paused(self) -> bool:
        with self._database.reading() as connection:
            return connection.execute("select 1 from meta where key = 'paused'").fetchone() is not None

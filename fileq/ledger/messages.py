"""Huey's tables, from our side: messages go in by bulk, and we look whether any are left."""

from collections.abc import Iterable

from fileq.ledger.database import Database


class Messages:
    def __init__(self, database: Database) -> None:
        self._database = database

    def send(self, queue: str, messages: Iterable[tuple[bytes, int]]) -> None:
        """Each a message and its priority: higher ones first."""
        with self._database.transaction() as connection:
            connection.executemany(
                "insert into task (queue, data, priority) values (?, ?, ?)",
                ((queue, data, priority) for data, priority in messages),
            )

    def schedule(self, queue: str, messages: Iterable[tuple[bytes, float]]) -> None:
        """Each a message and when it is due, in seconds since the epoch."""
        with self._database.transaction() as connection:
            connection.executemany(
                "insert into schedule (queue, data, timestamp) values (?, ?, ?)",
                ((queue, data, due_at) for data, due_at in messages),
            )

    def any_left(self, queue: str) -> bool:
        """Whether a message lies ready in this queue (one that is due later doesn't count)."""
        with self._database.reading() as connection:
            return connection.execute("select 1 from task where queue = ? limit 1", (queue,)).fetchone() is not None

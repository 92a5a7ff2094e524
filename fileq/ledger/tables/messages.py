"""Huey's tables, from our side: messages go in by bulk, are moved when they are due, and are taken by slots.

Triggers keep `jobs.message_id` in step with them (see triggers.sql), whoever changes these tables. With a broker
outside of the database, these tables are empty: see `sent_messages`.
"""

from collections.abc import Iterable
from itertools import chain, islice

import msgspec

from fileq.job import HIGHEST_PRIORITY
from fileq.ledger.columns import decode_column
from fileq.ledger.conditions import NAMED_JOBS, NAMES_NO_UNFINISHED
from fileq.ledger.database import ALL, Database
from fileq.roots import parts_here, range_with_roots

_MOVED_AT_ONCE = 5_000
_INSERTED_AT_ONCE = 500
_OF_QUEUE = "(queue = ? or queue >= ? and queue < ?)"
"""Of which queue a message is, whatever roots it needs."""


_PARTS = (
    "with recursive names(name) as (select min(queue) from task where queue >= :queue and queue < :end union all"
    " select (select min(queue) from task where queue > name and queue < :end) from names where name is not null)"
    " select name from names where name is not null"
)
"""The names in one of Huey's tables from a queue's own to behind those of its parts: a step in the index for each."""


class QueueMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it lies in a queue. Its id is negative where it is due later."""

    message_id: int
    queue: str
    data: bytes


class QueueMessages:
    def __init__(self, database: Database) -> None:
        self._database = database

    def insert_messages(self, queue: str, messages: Iterable[tuple[bytes, float]]) -> list[int]:
        """Insert messages into a queue, each with its priority; higher ones come first. Return their ids."""
        return self._insert("task (queue, data, priority)", queue, messages)

    def schedule_messages(self, queue: str, messages: Iterable[tuple[bytes, float]]) -> list[int]:
        """Insert messages that are due later, each with when it is, in seconds since the epoch. Return their ids."""
        return [-number for number in self._insert("schedule (queue, data, timestamp)", queue, messages)]

    def _insert(self, columns: str, queue: str, messages: Iterable[tuple[bytes, float]]) -> list[int]:
        """Insert messages, and return the ids that they got in their table, one after another."""
        left = iter(messages)
        ids: list[int] = []
        with self._database.transaction() as connection:
            while some := list(islice(left, _INSERTED_AT_ONCE)):
                rows = connection.execute(
                    f"insert into {columns} values {', '.join(['(?, ?, ?)'] * len(some))} returning id",  # noqa: S608  # ours
                    list(chain.from_iterable((queue, *message) for message in some)),
                )
                ids += sorted(number for (number,) in rows.fetchall())  # rows come back in any order
        return ids

    def has_messages(self, queue: str) -> bool:
        """Return whether a message lies ready in this queue, for this host (one that is due later doesn't count)."""
        return bool(self._find_ready_parts(queue))

    def _find_ready_parts(self, queue: str) -> list[str]:
        """Return the parts of a queue that have messages for this host: few, however many roots it has."""
        with self._database.reading() as connection:
            names = connection.execute(_PARTS, {"queue": queue, "end": range_with_roots(queue)[1]}).fetchall()
        here = set(parts_here(queue))
        return [name for (name,) in names if name in here]

    def has_any_messages(self, queue: str) -> bool:
        """Return whether a message lies in Huey's tables for this queue, ready or due later, for whatever host."""
        values = (queue, *range_with_roots(queue))
        with self._database.reading() as connection:
            return any(
                connection.execute(f"select 1 from {table} where {_OF_QUEUE} limit 1", values).fetchone()  # noqa: S608  # ours
                for table in ("task", "schedule")
            )

    def delete_messages(self, queue: str) -> None:
        """Delete what lies in Huey's tables for this queue: its jobs count as not sent."""
        with self._database.transaction() as connection:
            for table in ("task", "schedule"):
                connection.execute(f"delete from {table} where {_OF_QUEUE}", (queue, *range_with_roots(queue)))  # noqa: S608  # ours

    def find_messages_of_jobs(self, job_ids: Iterable[int]) -> list[QueueMessage]:
        """Return the messages that these jobs are named by, each once."""
        with self._database.reading() as connection:
            message_ids = dict.fromkeys(
                message_id
                for job_id in job_ids
                for (message_id,) in connection.execute(
                    "select message_id from jobs where id = ? and message_id is not null", (job_id,)
                )
            )
            found = [
                (message_id, *row)
                for message_id in message_ids
                for row in connection.execute(
                    f"select queue, data from {_table_of(message_id)} where id = ?",  # noqa: S608  # ours
                    (abs(message_id),),
                )
            ]
        return [QueueMessage(message_id=number, queue=queue, data=bytes(data)) for number, queue, data in found]

    def delete_message(self, message_id: int) -> None:
        """Delete a message; a negative id is that of one that is due later."""
        with self._database.transaction() as connection:
            connection.execute(f"delete from {_table_of(message_id)} where id = ?", (abs(message_id),))  # noqa: S608  # ours

    def delete_ended_messages(self, queue: str) -> None:
        """Delete the messages of a queue whose jobs have all ended elsewhere: nobody may ever come to read them."""
        with self._database.transaction() as connection:
            connection.execute(
                f"delete from task where {_OF_QUEUE} and {NAMES_NO_UNFINISHED}",  # noqa: S608  # ours
                (queue, *range_with_roots(queue)),
            )

    def take_message(self, queue: str, now: float) -> bytes | None:
        """Remove the most urgent message of a queue that is for this host and return it; None where there is none.

        Its jobs have no message from here on, and remember since when: should nobody claim them, they get another.
        """
        parts = self._find_ready_parts(queue)  # a look that needs no write lock
        if not parts:
            return None
        first = _first_of(len(parts))
        named = f"select value from task, {NAMED_JOBS} where task.id = ({first})"  # noqa: S608  # ours
        mark = f"update jobs set message_id = null, taken_at = ? where message_id = ({first}) and id in ({named})"  # noqa: S608  # ours
        take = f"delete from task where id = ({first}) returning data"  # noqa: S608  # ours
        _, taken = self._database.execute_together((mark, (now, *parts, *parts)), (take, parts))
        return bytes(taken[0][0]) if taken else None

    def move_due_messages(self, queue: str, now: float) -> None:
        """Move what is due by now for this host from the schedule into the queue: all of it, or nothing.

        It is 5,000 messages at most for each set of roots.
        """
        with self._database.transaction() as connection:
            rows = [
                row
                for part in parts_here(queue)
                for row in connection.execute(
                    "select id, queue, data from schedule where queue = ? and timestamp <= ?"
                    " order by timestamp, id limit ?",
                    (part, now, _MOVED_AT_ONCE),
                ).fetchall()
            ]
            connection.executemany("delete from schedule where id = ?", [(message_id,) for message_id, *_ in rows])
            connection.executemany(
                "insert into task (queue, data, priority) values (?, ?, ?)",
                [(part, data, _priority(_read_body(data))) for _, part, data in rows],
            )


def _first_of(parts: int) -> str:
    """Return what finds the most urgent message of so many parts of a queue.

    It asks for the first of each, by its index: a look at several parts at once would sort all that lies in them.
    """
    first = "select * from (select id, priority from task where queue = ? order by priority desc, id limit 1) as first"
    return f"select id from ({' union all '.join([first] * parts)}) as firsts order by priority desc, id limit 1"  # noqa: S608  # ours


def _read_body(data: object) -> dict[str, object]:
    """Return what a message says; nothing where it is none of ours."""
    return decode_column(data, dict[str, object]) or {}


def named_jobs(data: object) -> list[int]:
    """Return the jobs that a message names; none where it is none of ours."""
    args = _read_body(data).get("args")
    return [one for one in args if isinstance(one, int) and abs(one) < ALL] if isinstance(args, list) else []


def _priority(body: dict[str, object]) -> float:
    priority = body.get("priority")
    return priority if isinstance(priority, int | float) and abs(priority) <= HIGHEST_PRIORITY + 1 else 0.0


def _table_of(message_id: int) -> str:
    return "task" if message_id > 0 else "schedule"

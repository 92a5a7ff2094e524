"""What a broker outside of the database is believed to have: `jobs.message_id` says of which jobs it took messages.

That is believed until a slot takes the message, or the broker may have lost it: then all are forgotten, and sent again.
`meta` has the broker's identity, which is another one once it was emptied, or started again.
"""

import json
from collections.abc import Iterable

import msgspec

from fileq.ledger.conditions import UNFINISHED
from fileq.ledger.database import Database
from fileq.ledger.tables.messages import named_jobs
from fileq.roots import this_hosts_roots

_SENT = f"{UNFINISHED} and message_id is not null and +batch_id in (select id from batches where queue = ?)"  # noqa: S608  # ours
"""With the plus, SQLite looks through unfinished jobs, and not through all that ever were in these batches."""


_USER = "broker_user:"
"""Stands in `meta` before the id of a worker that takes its messages from a broker; the value is which one, as JSON."""


class BrokerUser(msgspec.Struct, frozen=True, kw_only=True):
    """A worker that takes its messages from a broker: its address without a password, and its identity.

    Both are "" where they are not known.
    """

    worker_id: int
    host: str
    pid: int
    broker: str
    identity: str


class SentMessages:
    def __init__(self, database: Database) -> None:
        self._database = database

    def mark_sent(self, job_ids: Iterable[int], sent_at: float, broker: str) -> int:
        """Note that a broker of this identity has taken the messages of these jobs; return of how many.

        Not of those that a slot took after `sent_at`, in seconds since the epoch, nor where there is another broker.
        """
        with self._database.transaction() as connection:
            return connection.execute(
                "update jobs set message_id = id where id in (select cast(value as bigint) from json_each(?))"
                " and state in ('queued', 'waiting') and (taken_at is null or taken_at <= ?)"
                " and exists (select 1 from meta where key = 'broker' and value = ?)",
                (json.dumps(list(job_ids)), sent_at, broker),
            ).rowcount

    def mark_taken(self, data: bytes, now: float) -> None:
        """Note that a slot took this message from the broker: should nobody claim its jobs, they get another."""
        with self._database.transaction() as connection:
            connection.execute(
                "update jobs set message_id = null, taken_at = ?"
                " where id in (select cast(value as bigint) from json_each(?))",
                (now, json.dumps(named_jobs(data))),
            )

    def has_sent(self, queue: str) -> bool:
        """Return whether the broker is believed to have a message of this queue that is for this host."""
        possible = this_hosts_roots().combinations()
        with self._database.reading() as connection:
            row = connection.execute(
                f"select 1 from jobs where {_SENT} and roots in ({', '.join('?' * len(possible))}) limit 1",  # noqa: S608  # ours
                (queue, *possible),
            ).fetchone()
        return row is not None

    def forget_jobs(self, job_ids: Iterable[int]) -> None:
        """Have these jobs count as not sent: they are to get a message, whether they had one before or not."""
        with self._database.transaction() as connection:
            connection.execute(
                "update jobs set message_id = null where message_id is not null"
                " and id in (select cast(value as bigint) from json_each(?))",
                (json.dumps(list(job_ids)),),
            )

    def forget_sent(self, queue: str) -> None:
        """Have all jobs of this queue count as not sent: whether the broker still has their messages is not known."""
        with self._database.transaction() as connection:
            connection.execute(
                f"update jobs set message_id = null, taken_at = null where {_SENT}",  # noqa: S608  # ours
                (queue,),
            )

    def adopt_broker(self, broker: str | None, now: float) -> bool:
        """Have messages go to the broker of this identity from now on; None is the database. Return whether it changed.

        What was sent before is then forgotten, and is sent again.
        """
        with self._database.transaction() as connection:
            row = connection.execute("select value from meta where key = 'broker'").fetchone()
            known = row and str(row[0])
            if known == broker:
                return False
            connection.execute("delete from task")
            connection.execute("delete from schedule")
            connection.execute(
                f"update jobs set message_id = null, taken_at = null where {UNFINISHED} and message_id is not null"  # noqa: S608  # ours
            )
            connection.execute("delete from meta where key in ('broker', 'broker_lost')")
            if broker is not None:
                connection.execute("insert into meta values ('broker', ?)", (broker,))
                if known is not None:
                    connection.execute("insert into meta values ('broker_lost', ?)", (str(now),))
        return True

    def record_user(self, worker_id: int, broker: str | None, identity: str = "") -> None:
        """Record from which broker a worker takes its messages, None for none. Workers that are gone are forgotten."""
        with self._database.transaction() as connection:
            connection.execute(
                "delete from meta where substr(key, 1, ?) = ? and (key = ? or not exists"
                " (select 1 from workers where meta.key = ? || cast(workers.id as text)))",
                (len(_USER), _USER, f"{_USER}{worker_id}", _USER),
            )
            if broker is not None:
                connection.execute(
                    "insert into meta values (?, ?)", (f"{_USER}{worker_id}", json.dumps([broker, identity]))
                )

    def list_users(self) -> list[BrokerUser]:
        """Return the registered workers that take their messages from a broker."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select workers.id, host, pid, value from workers"
                " join meta on meta.key = ? || cast(workers.id as text) order by workers.id",
                (_USER,),
            ).fetchall()
        return [
            BrokerUser(worker_id=worker_id, host=host, pid=pid, broker=broker, identity=identity)
            for worker_id, host, pid, value in rows
            for broker, identity in [json.loads(value) if value else ("", "")]
        ]

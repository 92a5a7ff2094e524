"""The workers that say they are alive."""

import msgspec

from fileq.ledger.database import Database
from fileq.presence import ProcessIdentity, is_gone


class WorkerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A running `fileq worker`, or one that had no time to sign off. Times are seconds since the epoch."""

    id: int
    process: ProcessIdentity
    queue: str
    slots: int
    started_at: float
    heartbeat_at: float


class Workers:
    def __init__(self, database: Database) -> None:
        self._database = database

    def register_worker(self, process: ProcessIdentity, queue: str, slots: int, now: float) -> WorkerRecord:
        """Enter a worker under an id that is never used twice.

        Jobs still name a worker that left; and one that slept, and was struck off, would keep its successor alive.
        """
        with self._database.transaction() as connection:
            (worker,) = connection.execute(
                "insert into workers (id, host, pid, process_started, queue, slots, started_at, heartbeat_at)"
                " values ((select 1 + max((select coalesce(max(id), 0) from workers),"
                " (select coalesce(max(worker_id), 0) from attempts),"
                " (select coalesce(max(cast(value as bigint)), 0) from meta where key = 'last_worker'))),"
                " ?, ?, ?, ?, ?, ?, ?) returning id",
                (process.host, process.pid, process.started, queue, slots, now, now),
            ).fetchone()
            connection.execute(
                "insert into meta values ('last_worker', ?) on conflict (key) do update set value = excluded.value",
                (str(worker),),
            )
        return WorkerRecord(id=worker, process=process, queue=queue, slots=slots, started_at=now, heartbeat_at=now)

    def record_heartbeat(self, worker_id: int, now: float) -> bool:
        """Record that a worker is alive. Return False where it was declared gone in the meantime."""
        with self._database.transaction() as connection:
            return bool(
                connection.execute("update workers set heartbeat_at = ? where id = ?", (now, worker_id)).rowcount
            )

    def unregister_worker(self, worker_id: int) -> None:
        with self._database.transaction() as connection:
            connection.execute("delete from workers where id = ?", (worker_id,))

    def is_served(self, queue: str) -> bool:
        """Return whether a worker is entered that takes messages from this queue."""
        with self._database.reading() as connection:
            return connection.execute("select 1 from workers where queue = ? limit 1", (queue,)).fetchone() is not None

    def list_workers(self) -> list[WorkerRecord]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "select id, host, pid, process_started, queue, slots, started_at, heartbeat_at from workers order by id"
            ).fetchall()
        return [
            WorkerRecord(
                id=worker, process=ProcessIdentity(host, pid, started), queue=queue, slots=slots,
                started_at=started_at, heartbeat_at=beat_at,
            )
            for worker, host, pid, started, queue, slots, started_at, beat_at in rows
        ]  # fmt: skip


MISSED_HEARTBEATS = 6
"""A worker that can't be seen from here is gone when it was silent for this many heartbeats."""


def is_worker_gone(worker: WorkerRecord, now: float, heartbeat: float, observed: float | None = None) -> bool:
    """Whether a worker that is entered is no longer there. `heartbeat` is in seconds; for `observed` see `is_gone`."""
    silence, patience = now - worker.heartbeat_at, MISSED_HEARTBEATS * heartbeat
    return is_gone(worker.process, silence=silence, patience=patience, observed=observed)

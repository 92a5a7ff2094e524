"""The workers that say they are alive."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from fileq.ledger.database import Database
from fileq.presence import ProcessIdentity, is_gone
from fileq.roots import this_hosts_roots

_DEAD_HOST = "dead_host:"
"""Stands in `meta` before the name of a host of which a worker was struck off; the value is its last sign of life."""

_DEAD_FOR = 86400.0


class Instruction(StrEnum):
    """What a worker may be asked for from elsewhere: to stop once its jobs have ended, or to begin no more of them."""

    STOP = "stop"
    PAUSE = "pause"


class WorkerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A running `fileq worker`, or one that had no time to sign off. Times are seconds since the epoch.

    `clock_offset` is by how many seconds its host's clock is ahead of the ledger's; `roots` are the names of those that
    its host has; `instruction` is what somebody has asked of it.
    """

    id: int
    process: ProcessIdentity
    queue: str
    slots: int
    started_at: float
    heartbeat_at: float
    clock_offset: float = 0.0
    roots: frozenset[str] = frozenset()
    instruction: Instruction | None = None


class Workers:
    def __init__(self, database: Database) -> None:
        self._database = database

    def register_worker(self, process: ProcessIdentity, queue: str, slots: int, now: float) -> WorkerRecord:
        """Enter a worker under an id that is never used twice.

        Jobs still name a worker that left; and one that slept, and was struck off, would keep its successor alive.
        """
        roots = this_hosts_roots().present
        with self._database.transaction() as connection:
            (worker,) = connection.execute(
                "insert into workers (id, host, pid, process_started, queue, slots, started_at, heartbeat_at, roots)"
                " values ((select 1 + max((select coalesce(max(id), 0) from workers),"
                " (select coalesce(max(worker_id), 0) from attempts),"
                " (select coalesce(max(cast(value as bigint)), 0) from meta where key = 'last_worker'))),"
                " ?, ?, ?, ?, ?, ?, ?, ?) returning id",
                (process.host, process.pid, process.started, queue, slots, now, now, _joined(roots)),
            ).fetchone()
            connection.execute(
                "insert into meta values ('last_worker', ?) on conflict (key) do update set value = excluded.value",
                (str(worker),),
            )
            connection.execute("delete from meta where key = ?", (f"{_DEAD_HOST}{process.host}",))
        return WorkerRecord(
            id=worker, process=process, queue=queue, slots=slots, started_at=now, heartbeat_at=now, roots=roots
        )

    def record_heartbeat(self, worker_id: int, now: float, clock_offset: float = 0.0) -> bool:
        """Record that a worker is alive, and which roots are there for it. Return False where it was declared gone."""
        with self._database.transaction() as connection:
            return bool(
                connection.execute(
                    "update workers set heartbeat_at = ?, clock_offset = ?, roots = ? where id = ?",
                    (now, clock_offset, _joined(this_hosts_roots().present), worker_id),
                ).rowcount
            )

    def instruct_workers(self, worker_ids: Iterable[int], instruction: Instruction | None) -> None:
        """Ask these workers for something; None takes back that they were to begin no jobs."""
        with self._database.transaction() as connection:
            connection.executemany(
                "update workers set instruction = ? where id = ? and coalesce(instruction, '') <> 'stop'",
                [(instruction, worker_id) for worker_id in worker_ids],
            )

    def find_instruction(self, worker_id: int) -> Instruction | None:
        """Return what somebody has asked a worker for; None where nobody has."""
        with self._database.reading() as connection:
            row = connection.execute("select instruction from workers where id = ?", (worker_id,)).fetchone()
        return _instruction(row[0]) if row else None

    def unregister_worker(self, worker_id: int) -> None:
        """Strike a worker off that signs off itself."""
        with self._database.transaction() as connection:
            connection.execute(
                "delete from meta where key in (select ? || host from workers where id = ?)", (_DEAD_HOST, worker_id)
            )
            connection.execute("delete from workers where id = ?", (worker_id,))

    def strike_off_worker(self, worker: WorkerRecord, now: float) -> None:
        """Strike a worker off that is gone without a word, and keep for a day when its host gave its last sign."""
        with self._database.transaction() as connection:
            if not connection.execute("delete from workers where id = ?", (worker.id,)).rowcount:
                return  # somebody else was faster, or it has signed off
            connection.execute(
                "delete from meta where case when substr(key, 1, ?) = ? then cast(value as bigint) <= ? else false end",
                (len(_DEAD_HOST), _DEAD_HOST, int(now - _DEAD_FOR)),
            )
            connection.execute(
                "insert into meta values (?, ?) on conflict (key) do update set value = excluded.value",
                (f"{_DEAD_HOST}{worker.process.host}", str(int(worker.heartbeat_at))),
            )

    def list_dead_hosts(self, now: float) -> dict[str, float]:
        """Return the hosts of which a worker was struck off within a day, each with when it gave its last sign."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select substr(key, ?), value from meta where substr(key, 1, ?) = ?",
                (len(_DEAD_HOST) + 1, len(_DEAD_HOST), _DEAD_HOST),
            ).fetchall()
        return {host: float(seen_at) for host, seen_at in rows if float(seen_at) > now - _DEAD_FOR}

    def is_served(self, queue: str) -> bool:
        """Return whether a worker is entered that takes messages from this queue."""
        with self._database.reading() as connection:
            return connection.execute("select 1 from workers where queue = ? limit 1", (queue,)).fetchone() is not None

    def list_workers(self) -> list[WorkerRecord]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "select id, host, pid, process_started, queue, slots, started_at, heartbeat_at, clock_offset, roots,"
                " instruction from workers order by id"
            ).fetchall()
        return [
            WorkerRecord(
                id=worker, process=ProcessIdentity(host, pid, started), queue=queue, slots=slots,
                started_at=started_at, heartbeat_at=beat_at, clock_offset=offset,
                roots=frozenset(filter(None, roots.split(","))), instruction=_instruction(instruction),
            )
            for worker, host, pid, started, queue, slots, started_at, beat_at, offset, roots, instruction in rows
        ]  # fmt: skip


def _joined(roots: frozenset[str]) -> str:
    return ",".join(sorted(roots))


def _instruction(value: object) -> Instruction | None:
    return next((one for one in Instruction if one == value), None)


MISSED_HEARTBEATS = 4
"""A worker that can't be seen from here is gone when it was silent for this many heartbeats.

Workers look for such ones at each heartbeat: with 5 seconds, its jobs are given back after 25.
"""


def is_worker_gone(worker: WorkerRecord, now: float, heartbeat: float, observed: float | None = None) -> bool:
    """Whether a worker that is entered is no longer there. `heartbeat` is in seconds; for `observed` see `is_gone`."""
    silence, patience = now - worker.heartbeat_at, MISSED_HEARTBEATS * heartbeat
    return is_gone(worker.process, silence=silence, patience=patience, observed=observed)

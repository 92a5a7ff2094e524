"""The hosts that take part: their workers, slots and speed, and when each gave its last sign of life."""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import groupby

import msgspec

from fileq.ledger import Ledger
from fileq.ledger.queries.overview import RunningJob
from fileq.ledger.tables.workers import Instruction, WorkerRecord, is_worker_gone
from fileq.presence import machine_of

_RATE_WINDOW = 300.0
"""Seconds that tell how many jobs a worker does a minute."""


class HostState(StrEnum):
    """What a worker is about; of a host, what the busiest of its workers is, as they stand here."""

    WORKING = "working"
    PAUSED = "paused"
    STOPPING = "stopping"
    GONE = "gone"


_TELLING = 6
"""So many characters of machines' ids tell them apart for people."""

_ACTIVITIES = {Instruction.PAUSE: HostState.PAUSED, Instruction.STOP: HostState.STOPPING}


class WorkerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A worker, how many jobs it does now, and how many it has done a minute of late.

    `host` is the name of its host; where several machines have that one, with the beginning of its machine's id.
    """

    host: str
    record: WorkerRecord
    activity: HostState
    running: int
    rate_per_minute: float


class HostStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A host, and the sums of its workers that are not gone. `seen_at` is in seconds since the epoch."""

    host: str
    activity: HostState
    workers: int
    slots: int
    running: int
    rate_per_minute: float
    seen_at: float
    roots: frozenset[str]


def examine_workers(ledger: Ledger, running: Iterable[RunningJob], heartbeat: float, now: float) -> list[WorkerStatus]:
    """Return all workers that are registered, host by host.

    `running` are all running jobs, `heartbeat` is in seconds. A worker whose process is here is looked for; another is
    gone where it was silent for several heartbeats. None begins a job while the whole queue is paused.
    """
    workers = sorted(ledger.workers.list_workers(), key=lambda worker: (*_machine(worker), worker.id))
    names = Counter(host for host, _ in {_machine(worker) for worker in workers})
    usual = HostState.PAUSED if ledger.batches.is_paused() else HostState.WORKING
    counts = Counter(job.worker_id for job in running)
    ended = ledger.overview.count_ended_by_worker(now - _RATE_WINDOW)
    return [
        WorkerStatus(
            host=_describe_machine(worker, is_alone=names[worker.process.host] == 1),
            record=worker,
            activity=HostState.GONE
            if is_worker_gone(worker, now, heartbeat)
            else (_ACTIVITIES[worker.instruction] if worker.instruction else usual),
            running=counts[worker.id],
            rate_per_minute=60
            * ended.by_worker.get(worker.id, 0)
            / max(1.0, now - max(ended.since, worker.started_at)),
        )
        for worker in workers
    ]


def _machine(worker: WorkerRecord) -> tuple[str, str]:
    return worker.process.host, machine_of(worker.process)


def _describe_machine(worker: WorkerRecord, *, is_alone: bool) -> str:
    host, machine = _machine(worker)
    return host if is_alone or not machine else f"{host} ({machine[:_TELLING]})"


def examine_hosts(ledger: Ledger, workers: Iterable[WorkerStatus], now: float) -> list[HostStatus]:
    """Return the hosts of these workers, which come host by host, and those that died within a day, by their names."""
    hosts = {host: _sum_up(host, list(own)) for host, own in groupby(workers, lambda one: one.host)}
    dead = {
        host: HostStatus(
            host=host, activity=HostState.GONE, workers=0, slots=0, running=0, rate_per_minute=0.0, seen_at=seen_at,
            roots=frozenset(),
        )
        for host, seen_at in ledger.workers.list_dead_hosts(now).items()
    }  # fmt: skip
    return [status for _, status in sorted((dead | hosts).items())]


def _sum_up(host: str, workers: Sequence[WorkerStatus]) -> HostStatus:
    alive = [worker for worker in workers if worker.activity is not HostState.GONE]
    return HostStatus(
        host=host,
        activity=min((worker.activity for worker in workers), key=list(HostState).index),
        workers=len(alive),
        slots=sum(worker.record.slots for worker in alive),
        running=sum(worker.running for worker in alive),
        rate_per_minute=sum(worker.rate_per_minute for worker in alive),
        seen_at=max(worker.record.heartbeat_at for worker in workers),
        roots=frozenset().union(*(worker.record.roots for worker in alive)),
    )

"""Who is at work on a ledger that is to be copied, and what there is to do in it."""

import msgspec

from fileq.errors import LedgerError
from fileq.ledger.copy.protocol import CopySource, Row
from fileq.ledger.tables.sources.watches import WatchRecord, is_watcher_gone
from fileq.ledger.tables.workers import WorkerRecord, is_worker_gone
from fileq.presence import ProcessIdentity

_NAMED = 3
"""Processes that are named in a sentence."""


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """The processes that have said that they work on a ledger, whether or not they still live, and sums of its jobs."""

    now: float
    workers: list[WorkerRecord]
    watches: list[WatchRecord]
    tallies: list[Row]
    is_paused: bool

    @property
    def unfinished(self) -> int:
        """How many jobs are still to be done."""
        return sum(jobs for _, state, jobs in self.tallies if state in ("queued", "running", "waiting"))


def find_activity(source: CopySource) -> Activity:
    """Return who is at work on a ledger, and what there is to do in it."""
    return Activity(
        now=source.now,
        workers=[
            WorkerRecord(
                id=worker, process=ProcessIdentity(host, pid, started), queue="", slots=0, started_at=0.0,
                heartbeat_at=heartbeat_at,
            )
            for worker, host, pid, started, heartbeat_at in source.select(
                "select id, host, pid, process_started, heartbeat_at from workers order by id"
            )
        ],
        watches=[
            WatchRecord(
                id=watch, path=path, process=ProcessIdentity(host, pid, started), status_json=said, status_at=said_at
            )
            for watch, path, host, pid, started, said, said_at in source.select(
                "select id, path, host, pid, process_started, status_json, status_at from watches order by id"
            )
        ],
        tallies=source.select("select batch_id, state, jobs from tallies where jobs <> 0 order by batch_id, state"),
        is_paused=bool(source.select("select 1 from meta where key = 'paused'")),
    )  # fmt: skip


def refuse_activity(activity: Activity, path: str, heartbeat: float) -> None:
    """Raise LedgerError where somebody is at work: two ledgers would then have the same jobs done."""
    working = {worker.process for worker in activity.workers if not is_worker_gone(worker, activity.now, heartbeat)}
    watching = {
        watch.process
        for watch in activity.watches
        if not watch.status.is_stopped and not is_watcher_gone(watch, activity.now)
    }
    processes = sorted(working | watching, key=lambda process: (process.host, process.pid))
    if not processes:
        return
    named = ", ".join(f"{process.pid} on {process.host}" for process in processes[:_NAMED])
    more = f" and {len(processes) - _NAMED} more" if len(processes) > _NAMED else ""
    raise LedgerError(
        f"The database {path} is in use by workers or watchers: process {named}{more}.",
        "Stop them first: else both ledgers would have the same jobs done. Then copy again.",
    )

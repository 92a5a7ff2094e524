"""Recovery: what dead workers had goes back to the queue, at a worker's start and every minute."""

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from fileq import control, queue
from fileq.disposition import dispose
from fileq.errors import ErrorKind
from fileq.health.checks.leftovers import find_leftover_temps
from fileq.job import Failure, Token
from fileq.ledger import Ledger
from fileq.ledger.tables.attempts import Fenced
from fileq.ledger.tables.jobs import QueueEntry
from fileq.ledger.tables.workers import WorkerRecord, is_worker_gone
from fileq.presence import current_boot, hostname
from fileq.process.orphaned_processes import kill_programs
from fileq.publish import complete_attempt, discard_temps, restore_displaced_files
from fileq.queue.connection import settle_broker

_LONGEST_GAP = 120.0
"""Seconds between two looks that count as silence. Looks come each minute: in a longer gap we slept or were stopped,
and with us, as it may be, the worker."""

_MONTH = 30 * 86400.0

DEATHS = 10
"""How often a job may be ended from outside. Of 300 jobs under 50 kills, one or two are hit 3 times by chance."""


class HeartbeatWatch:
    """For how long this process itself has seen no heartbeat of each worker, whatever the clock on the wall does.

    `clock` is in seconds, and never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[int, tuple[float, float]] = {}  # by worker: its heartbeat, and the seconds without another
        self._looked_at = clock()

    def look(self, workers: Iterable[WorkerRecord]) -> dict[int, float]:
        """Return, by a worker's id, the seconds for which its heartbeat has been the same; 0 at the first look."""
        now = self._clock()
        passed, self._looked_at = min(now - self._looked_at, _LONGEST_GAP), now
        seen: dict[int, tuple[float, float]] = {}
        for worker in workers:
            heartbeat_at, silence = self._seen.get(worker.id, (None, 0.0))
            seen[worker.id] = (worker.heartbeat_at, silence + passed if heartbeat_at == worker.heartbeat_at else 0.0)
        self._seen = seen
        return {worker_id: silence for worker_id, (_, silence) in seen.items()}


def recover(ledger: Ledger, now: float, heartbeat: float, watch: HeartbeatWatch | None = None) -> int:
    """Strike off the workers that are gone, queue what they had, send what has no message; return how many jobs.

    One of this host that is there, and hangs, is known only to who has watched for long: `watch`.
    """
    workers = ledger.workers.list_workers()
    observed = (watch or HeartbeatWatch()).look(workers)
    gone = [worker for worker in workers if is_worker_gone(worker, now, heartbeat, observed[worker.id])]
    for worker in gone:
        ledger.workers.strike_off_worker(worker, now)
    settle_broker(ledger, now)
    _adopt_queues(ledger)
    _end_programs(ledger)
    _clear_up(ledger, now)
    _retry_leftovers(ledger, now)
    dispose(ledger)
    control.bring_waiting_jobs_forward(ledger, now)
    requeued = _requeue_orphans(ledger, now)
    # A worker that is gone may have held the jobs of messages that it had taken: nobody comes to them any more.
    patience = 0.0 if gone or requeued else queue.PATIENCE
    return requeued + control.resend_jobs(ledger, queue.MAIN, now, patience=patience)


def _adopt_queues(ledger: Ledger) -> None:
    """Give the queues of each `fileq run` that has no worker any more to all workers."""
    if ledger.batches.find_unserved_queues(queue.MAIN):
        with ledger.transaction():  # with another look: a run may just have begun
            for name in ledger.batches.find_unserved_queues(queue.MAIN):
                queue.move_queue(ledger, name, to=queue.MAIN)


def sweep_after_boot(ledger: Ledger, now: float) -> None:
    """Remove temp files that a loss of power has made the ledger forget: once by each host after each boot."""
    host, boot = hostname(), current_boot()
    if ledger.meta.find_swept_boot(host) == boot:
        return
    left = discard_temps(find_leftover_temps(ledger, now))
    with ledger.transaction():
        ledger.leftover_temps.insert_temps(left, now)
        ledger.meta.record_swept_boot(host, boot)


def _end_programs(ledger: Ledger) -> None:
    """Before their temp files are removed. Outside of any transaction: it may take seconds."""
    left = ledger.outputs.find_abandoned_paths()
    for token, _ in ledger.attempts.find_orphans():
        left += ledger.outputs.find_reserved_paths(token.job_id)
    kill_programs(temp for _, temp in left)


def _requeue_orphans(ledger: Ledger, now: float) -> int:
    requeued = 0
    for token, deaths in ledger.attempts.find_orphans():
        with suppress(Fenced):  # another worker was faster
            _requeue(ledger, token, deaths, now)
            requeued += 1
    return requeued


def _requeue(ledger: Ledger, token: Token, deaths: int, now: float) -> None:
    # One transaction from the look to the end: else another worker could have begun the job anew in between, and
    # lose its temp files; or the job's own worker, had it only slept, take their loss for a fault of the job.
    with ledger.transaction():
        ledger.attempts.check_token(token)
        restore_displaced_files(ledger, token.job_id)
        reserved = ledger.outputs.find_reserved_paths(token.job_id)
        is_done = complete_attempt(ledger, token)
        _discard(ledger, reserved, now)
        if is_done:
            return
        due = requeue_or_fail(ledger, token, deaths, now)
        if due is not None:
            queue.send(ledger, ledger.batches.find_queue(due.job_id), [due], now, overdue=True)


def _clear_up(ledger: Ledger, now: float) -> None:
    """Remove the temp files of jobs that were cancelled, and whose worker died before it saw that."""
    with ledger.transaction():
        for job_id in ledger.outputs.find_jobs_with_abandoned_paths():
            restore_displaced_files(ledger, job_id)
        _discard(ledger, ledger.outputs.find_abandoned_paths(), now)


def _discard(ledger: Ledger, reserved: list[tuple[str, str]], now: float) -> None:
    """Free these paths, and remove the temp file of each; those that can't go are known until they can."""
    ledger.leftover_temps.insert_temps(discard_temps(temp for _, temp in reserved), now)
    ledger.outputs.release_paths(reserved)


def _retry_leftovers(ledger: Ledger, now: float) -> None:
    """Remove what could not be removed before; a folder that was not seen for a month is thought to have gone."""
    known = ledger.leftover_temps.list_temps()
    if not known:
        return
    left = set(discard_temps(known))
    gone = {path for path in left if now - known.get(path, now) > _MONTH and not os.path.isdir(os.path.dirname(path))}
    with ledger.transaction():
        ledger.leftover_temps.delete_temps(known.keys() - left | gone)
        ledger.leftover_temps.insert_temps(left - gone, now)


def requeue_or_fail(ledger: Ledger, token: Token, deaths: int, now: float) -> QueueEntry | None:
    """Queue a job again whose attempt was ended from outside; where that has happened too often, fail it.

    Returns what is to be sent. Raises Fenced.
    """
    if deaths + 1 < DEATHS:
        return ledger.attempts.lose_attempt(token, now)
    message = f"The job's process was killed {DEATHS} times while it ran."
    ledger.attempts.fail_attempt(
        token, Failure(ErrorKind.CRASHED, message, "Is there enough memory? Then look at the file."), now
    )
    return None

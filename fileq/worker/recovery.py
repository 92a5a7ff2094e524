"""What dead workers had goes back to the queue. Done at a worker's start and every minute, by whoever is alive."""

import os
from contextlib import suppress

from fileq import control, queue
from fileq.disposition import dispose
from fileq.errors import ErrorKind
from fileq.job import Failure, Token
from fileq.ledger import Ledger
from fileq.ledger.jobs import Due, Fenced
from fileq.ledger.workers import is_worker_gone
from fileq.publish import complete, discard
from fileq.worker.orphaned_programs import end_programs

_MONTH = 30 * 86400.0

DEATHS = 10
"""How often a job may be ended from outside. Of 300 jobs under 50 kills, one or two are hit 3 times by chance."""


def recover(ledger: Ledger, now: float, heartbeat: float) -> int:
    """Strike off the workers that are gone, queue what they had, send what has no message. Answer how many jobs."""
    for worker in ledger.workers.all():
        if is_worker_gone(worker, now, heartbeat):
            with ledger.transaction():
                ledger.workers.leave(worker.id)
                if worker.queue != queue.MAIN:
                    ledger.batches.hand_over(worker.queue, to=queue.MAIN)
    _end_programs(ledger)
    _clear_up(ledger, now)
    _retry_leftovers(ledger, now)
    dispose(ledger)
    return _requeue_orphans(ledger, now) + control.resend(ledger, queue.MAIN, now)


def _end_programs(ledger: Ledger) -> None:
    """Before their temp files are removed. Outside of any transaction: it may take seconds."""
    left = ledger.outputs.left_behind()
    for token, _ in ledger.jobs.orphans():
        left += ledger.outputs.reserved(token.job)
    end_programs(temp for _, temp in left)


def _requeue_orphans(ledger: Ledger, now: float) -> int:
    requeued = 0
    for token, deaths in ledger.jobs.orphans():
        with suppress(Fenced):  # another worker was faster
            _requeue(ledger, token, deaths, now)
            requeued += 1
    return requeued


def _requeue(ledger: Ledger, token: Token, deaths: int, now: float) -> None:
    # One transaction from the look to the end: else another worker could have begun the job anew in between, and
    # lose its temp files; or the job's own worker, had it only slept, take their loss for a fault of the job.
    with ledger.transaction():
        ledger.jobs.check(token)
        if complete(ledger, token):
            return
        reserved = ledger.outputs.reserved(token.job)
        _discard(ledger, reserved, now)
        due = lose(ledger, token, deaths, now)
        if due is not None:
            queue.send(ledger, ledger.batches.queue_of(due.id), [due], now)


def _clear_up(ledger: Ledger, now: float) -> None:
    """Remove the temp files of jobs that were cancelled, and whose worker died before it saw that."""
    with ledger.transaction():
        _discard(ledger, ledger.outputs.left_behind(), now)


def _discard(ledger: Ledger, reserved: list[tuple[str, str]], now: float) -> None:
    """Free these paths, and remove the temp file of each; those that can't go are known until they can."""
    ledger.leftover_temps.insert(discard(temp for _, temp in reserved), now)
    ledger.outputs.release(reserved)


def _retry_leftovers(ledger: Ledger, now: float) -> None:
    """Remove what could not be removed before; a folder that was not seen for a month is thought to have gone."""
    known = ledger.leftover_temps.all()
    if not known:
        return
    left = set(discard(known))
    gone = {path for path in left if now - known.get(path, now) > _MONTH and not os.path.isdir(os.path.dirname(path))}
    with ledger.transaction():
        ledger.leftover_temps.delete(known.keys() - left | gone)
        ledger.leftover_temps.insert(left - gone, now)


def lose(ledger: Ledger, token: Token, deaths: int, now: float) -> Due | None:
    """An attempt was ended from outside: the job is queued again, unless that has happened too often."""
    if deaths + 1 < DEATHS:
        return ledger.jobs.lose(token, now)
    message = f"Its process was killed {DEATHS} times while it ran."
    ledger.jobs.fail(token, Failure(ErrorKind.CRASHED, message, "Is there enough memory? Then look at the file."), now)
    return None

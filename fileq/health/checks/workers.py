"""The workers: whether somebody does what waits."""

from fileq.health.check import Finding, bad, first, ok, together, warning
from fileq.health.context import Case
from fileq.ledger.tables.workers import WorkerRecord
from fileq.queue import MAIN
from fileq.units import describe_count, describe_seconds, is_or_are

_PATIENCE = 600.0
_PAUSE = 86400.0
_START = "Start one with: fileq worker"


def workers(case: Case) -> Finding:
    gone = [worker for worker in case.workers if worker not in case.alive]
    return together([_died(gone, case), _waiting(case)], ok(_who(case.alive)))


def _died(gone: list[WorkerRecord], case: Case) -> Finding:
    if not gone:
        return ok("")
    message = f"{describe_count(len(gone), 'worker')} died without signing off: {first(map(_named, gone))}."
    if case.alive:
        return warning(message, "The others take over within a minute.")
    return warning(message, "The next one that starts takes over.")


def _waiting(case: Case) -> Finding:
    """Jobs that are due, and nobody does them."""
    # What the worker of a `fileq run` leaves behind, those of the main queue take over.
    served = {worker.queue for worker in case.alive}
    waiting = (
        []
        if MAIN in served
        else [one for one in case.ledger.health.list_waiting_queues(case.now) if one.queue not in served]
    )
    known = [case.now - one.since for one in waiting if one.since is not None]
    if case.ledger.batches.is_paused():
        return _paused(case, max(known, default=0.0))
    if waiting and not known:
        return warning("Jobs that were retried wait, and no worker is running.", _START)
    if max(known, default=0.0) > _PATIENCE:
        return bad(f"Jobs have waited for {describe_seconds(max(known))}, and no worker is running.", _START)
    return ok("")


def _paused(case: Case, seconds: float) -> Finding:
    """Nobody wrote down when the pause began: it is long where nothing has ended meanwhile."""
    if seconds < _PAUSE or case.ledger.overview.count_finished_jobs(case.now - _PAUSE):
        return ok("")
    return warning("The queue is paused, and nothing was done for a day.", "Go on with: fileq resume")


def _who(alive: list[WorkerRecord]) -> str:
    if not alive:
        return "None is running, and none is missed."
    slots = describe_count(sum(worker.slots for worker in alive), "slot")
    workers = f"{describe_count(len(alive), 'worker')} {is_or_are(len(alive))}"
    return f"{workers} running, with {slots}: {first(map(_named, alive))}."


def _named(worker: WorkerRecord) -> str:
    return f"{worker.process.host}:{worker.process.pid}"

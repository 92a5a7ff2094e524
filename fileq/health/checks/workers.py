"""The workers: whether somebody does the jobs that wait."""

from fileq.health.check import CheckContext, Finding, bad, combine, ok, shorten_list, warning
from fileq.ledger.tables.workers import WorkerRecord
from fileq.queue import MAIN
from fileq.units import describe_count, describe_seconds, is_or_are

_PATIENCE = 600.0
_PAUSE = 86400.0
_START = "Start one with: fileq worker"


def check_workers(context: CheckContext) -> Finding:
    """Check that no worker has died, and that somebody does the jobs that are due."""
    gone = [worker for worker in context.workers if worker not in context.live_workers]
    return combine([_died(gone, context), _waiting(context)], ok(_who(context.live_workers)))


def _died(gone: list[WorkerRecord], context: CheckContext) -> Finding:
    if not gone:
        return ok("")
    message = f"{describe_count(len(gone), 'worker')} died without signing off: {shorten_list(map(_named, gone))}."
    if context.live_workers:
        return warning(message, "The others take over within a minute.")
    return warning(message, "The next one that starts takes over.")


def _waiting(context: CheckContext) -> Finding:
    """Return the finding about jobs that are due, and that nobody does."""
    # What the worker of a `fileq run` leaves behind, those of the main queue take over.
    served = {worker.queue for worker in context.live_workers}
    waiting = (
        []
        if MAIN in served
        else [queue for queue in context.ledger.health.list_waiting_queues(context.now) if queue.queue not in served]
    )
    known = [context.now - queue.since for queue in waiting if queue.since is not None]
    if context.ledger.batches.is_paused():
        return _paused(context, max(known, default=0.0))
    if waiting and not known:
        return warning("Jobs that were retried wait, and no worker is running.", _START)
    if max(known, default=0.0) > _PATIENCE:
        return bad(f"Jobs have waited for {describe_seconds(max(known))}, and no worker is running.", _START)
    return ok("")


def _paused(context: CheckContext, seconds: float) -> Finding:
    """Return the finding about a pause: nobody recorded its start; it is long where nothing has ended meanwhile."""
    if seconds < _PAUSE or context.ledger.overview.count_finished_jobs(context.now - _PAUSE):
        return ok("")
    return warning("The queue is paused, and nothing was done for a day.", "Go on with: fileq resume")


def _who(alive: list[WorkerRecord]) -> str:
    if not alive:
        return "No worker is running, and no job has waited for one for long."
    slots = describe_count(sum(worker.slots for worker in alive), "slot")
    workers = f"{describe_count(len(alive), 'worker')} {is_or_are(len(alive))}"
    return f"{workers} running, with {slots}: {shorten_list(map(_named, alive))}."


def _named(worker: WorkerRecord) -> str:
    return f"{worker.process.host}:{worker.process.pid}"

"""The roots: whether each job that needs some is waited for by a worker which has them."""

from collections.abc import Iterable

from fileq.health.check import CheckContext, Finding, bad, combine, ok
from fileq.ledger import Ledger
from fileq.ledger.tables.workers import WorkerRecord
from fileq.units import describe_count

_REMEDY = "Start a worker on a host whose config has [[root]] for it, or add that here."


def check_roots(context: CheckContext) -> Finding:
    """Check that some worker has the roots that jobs wait for."""
    if not context.live_workers:  # that nobody works is another check's
        return ok("No job waits for a root.")
    sentences = missing_roots(context.ledger, context.live_workers)
    return combine([bad(f"{sentence}.", _REMEDY) for sentence in sentences], ok("No job waits for a root."))


def missing_roots(ledger: Ledger, workers: Iterable[WorkerRecord]) -> list[str]:
    """Return for which roots how many jobs wait, that none of these workers has all of: sentences without an end."""
    there = [worker.roots for worker in workers]
    return [
        f"{describe_count(count, 'job')} {'waits' if count == 1 else 'wait'} for a worker that has the"
        f" {'root' if len(roots) == 1 else 'roots'} {' and '.join(sorted(roots))}"
        for roots, count in sorted(ledger.health.count_jobs_in_roots().items(), key=lambda item: sorted(item[0]))
        if not any(roots <= names for names in there)
    ]

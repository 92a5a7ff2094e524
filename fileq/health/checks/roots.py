"""The roots: whether each job that needs some is waited for by a worker which has them, and was queued since."""

from collections.abc import Iterable

from fileq.health.check import CheckContext, Finding, bad, combine, ok, warning
from fileq.ledger import Ledger
from fileq.ledger.tables.workers import WorkerRecord
from fileq.roots import this_hosts_roots
from fileq.units import describe_count

_REMEDY = "Start a worker on a host whose config has [[root]] for it, or add that here."
_EARLIER_REMEDY = "Nothing is lost. What is added again from there is made once more."


def check_roots(context: CheckContext) -> Finding:
    """Check that some worker has the roots that jobs wait for, and that jobs know their sources by them."""
    # That nobody works is another check's.
    sentences = missing_roots(context.ledger, context.live_workers) if context.live_workers else []
    return combine(
        [*(bad(f"{sentence}.", _REMEDY) for sentence in sentences), *_earlier_than_roots(context.ledger)],
        ok("No job waits for a root."),
    )


def _earlier_than_roots(ledger: Ledger) -> list[Finding]:
    """Return a warning for each root of this host in which jobs know their sources by the path that it has here."""
    return [
        warning(
            f"Jobs know files below {path} from before that was the root {name}: they are not recognized there.",
            _EARLIER_REMEDY,
        )
        for name, path in this_hosts_roots().paths.items()
        if ledger.health.knows_sources_below(path)
    ]


def missing_roots(ledger: Ledger, workers: Iterable[WorkerRecord]) -> list[str]:
    """Return for which roots how many jobs wait, that none of these workers has all of: sentences without an end."""
    there = [worker.roots for worker in workers]
    return [
        f"{describe_count(count, 'job')} {'waits' if count == 1 else 'wait'} for a worker that has the"
        f" {'root' if len(roots) == 1 else 'roots'} {' and '.join(sorted(roots))}"
        for roots, count in sorted(ledger.health.count_jobs_in_roots().items(), key=lambda item: sorted(item[0]))
        if not any(roots <= names for names in there)
    ]

"""The roots: whether each job that needs some is waited for by a worker which has them, and was queued since."""

import os
from collections.abc import Iterable, Mapping

from fileq.health.check import CheckContext, Finding, bad, combine, ok, warning
from fileq.health.root_folders import find_root_faults
from fileq.ledger import Ledger
from fileq.ledger.tables.workers import WorkerRecord
from fileq.roots import note_absent_roots, this_hosts_roots
from fileq.units import describe_count

_REMEDY = "Start a worker on a host whose config has [[root]] for it, or add that here."
_ABSENT_REMEDY = "Mount what belongs there, or name another path in [[root]]. Jobs wait for a worker that has it."
_EARLIER_REMEDY = "Nothing is lost. What is added again from there is made once more."


def check_roots(context: CheckContext) -> Finding:
    """Check that some worker has the roots that jobs wait for, and that jobs know their sources by them."""
    absent = find_absent_roots(context.ledger)
    note_absent_roots(absent)
    faults = find_root_faults(this_hosts_roots().paths)
    sentences = missing_roots(context.ledger, context.live_workers)
    return combine(
        [
            *(bad(f"{sentence}.", _REMEDY) for sentence in sentences),
            *faults,
            *(_absent_root(name) for name in sorted(absent) if not os.path.isfile(this_hosts_roots().paths[name])),
            *_earlier_than_roots(context.ledger),
        ],
        ok("No job waits for a root."),
    )


def find_absent_roots(ledger: Ledger) -> set[str]:
    """Return which of this host's roots are not there. It may hang, as a network drive may. Raises LedgerError.

    A folder without anything in it is no root in which jobs have sources: nothing is mounted there. One that only
    takes outputs may be empty.
    """
    return {name for name, path in this_hosts_roots().paths.items() if not _is_there(ledger, name, path)}


def _is_there(ledger: Ledger, name: str, path: str) -> bool:
    try:
        with os.scandir(path or os.sep) as entries:
            return any(entries) or not ledger.health.has_unfinished_sources_in(name)
    except PermissionError:  # who may pass through it needs no more
        return True
    except OSError:
        return False


def _absent_root(name: str) -> Finding:
    path = this_hosts_roots().paths[name]
    return warning(f"The root {name} is not there: {path} is empty, or no folder.", _ABSENT_REMEDY)


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
    return describe_lacking(find_lacking_roots(ledger.health.count_jobs_in_roots(), workers))


def find_lacking_roots(
    waiting: Mapping[frozenset[str], int], workers: Iterable[WorkerRecord]
) -> dict[frozenset[str], int]:
    """Return those of the waiting jobs, by the roots that each needs, of which none of these workers has all roots.

    Where nobody works, those that no worker on this host would have.
    """
    there = [worker.roots for worker in workers] or [this_hosts_roots().present]
    return {
        roots: count
        for roots, count in sorted(waiting.items(), key=lambda item: sorted(item[0]))
        if not any(roots <= names for names in there)
    }


def describe_lacking(lacking: Mapping[frozenset[str], int]) -> list[str]:
    """Return for which roots how many jobs wait: sentences without an end."""
    return [
        f"{describe_count(count, 'job')} {'waits' if count == 1 else 'wait'} for a worker that has the"
        f" {'root' if len(roots) == 1 else 'roots'} {' and '.join(sorted(roots))}"
        for roots, count in lacking.items()
    ]

"""The queue of a worker that does what one command or program asks for, and nothing else."""

import os
import secrets
from collections.abc import Callable

from fileq.intake import AddRequest, AddResult, add_files
from fileq.ledger import Ledger
from fileq.worker.worker import Worker


def name_own_queue() -> str:
    """Return a name for a queue that other workers leave alone while its own is there."""
    return f"run-{os.getpid()}-{secrets.token_hex(3)}"


def add_for_worker(
    worker: Worker, ledger: Ledger, request: AddRequest, queue: str, on_scanned: Callable[[int], None] = lambda _: None
) -> AddResult:
    """Queue files for a worker alone, and have it see those to their end too that were queued before.

    `on_scanned` is told how many files were found. Raises MissingPathsError, LedgerError.
    """

    def note(count: int) -> None:
        """Tell other workers that this one is alive: a walk may take long."""
        on_scanned(count)
        worker.keep_alive()

    result = add_files(ledger, request, now=ledger.now(), queue=queue, adopts=True, on_scanned=note)
    worker.adopt(result.adopted)
    return result

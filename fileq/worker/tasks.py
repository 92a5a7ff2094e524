"""Huey's tasks: what the messages of a queue set off, and what the clock does."""

from collections.abc import Callable

from fileq.ledger import Ledger
from fileq.queue.huey_library import Huey, Task, crontab
from fileq.queue.storage import JsonSerializer, storage_of
from fileq.worker.job import process_jobs

_IDS = 2**63
"""Ids of jobs are below that. Whoever can write into the queue may name anything."""


def create_huey(ledger: Ledger, queue: str, tick: Callable[[], None] | None = None) -> Huey:
    """Return the Huey of a queue, with its tasks. It keeps no results: the ledger has them.

    `tick` is what a worker does each minute, beside its jobs.
    """
    huey = Huey(queue, results=False, serializer=JsonSerializer(), storage_class=storage_of(ledger), ledger=ledger)

    @huey.task(context=True)  # type: ignore[untyped-decorator]  # huey has no types
    def process(*job_ids: int, task: Task) -> None:
        """Process the jobs of a message, in the slot that took it. Messages name this task: see `fileq.queue`."""
        process_jobs(task.slot, [one for one in dict.fromkeys(job_ids) if type(one) is int and 0 < one < _IDS])

    if tick is not None:

        @huey.periodic_task(crontab())  # type: ignore[untyped-decorator]  # the same
        def every_minute() -> None:
            tick()

    return huey

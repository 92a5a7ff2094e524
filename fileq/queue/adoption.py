"""The adoption of jobs: whoever is to see them to their end finds them in a queue of its own, too.

A message is a hint, and the claim decides: that a job is found in two queues does no harm. Its message moves where no
other `fileq run` is to take it, so that messages don't pile up; from a run that is alive none is taken away, as that
one waits for its own queue to end. A job stays in its batch, and goes to all workers with this queue's messages once
the worker of this queue is gone: after a kill as after an end.
"""

import json
from collections.abc import Collection
from contextlib import suppress

from fileq.ledger import Ledger
from fileq.queue.messages import MAIN, send
from fileq.roots import whole_queue


def adopt_jobs(ledger: Ledger, queue: str, job_ids: Collection[int], now: float, *, at_once: bool = False) -> None:
    """Have those of these jobs that are to be begun found in this queue, in the transaction that is open.

    Jobs that wait for another try do so on; with `at_once`, those that were queued for later are due now.
    """
    if at_once:
        ledger.jobs.bring_queued_jobs_forward(job_ids, now)
    for message in ledger.messages.find_messages_of_jobs(job_ids):
        if _names_no_others(message.data, job_ids) and _may_move(ledger, message.queue, queue):
            ledger.messages.delete_message(message.message_id)
    send(ledger, queue, ledger.jobs.find_startable_jobs(job_ids), now)


def adopt_due_jobs(ledger: Ledger, queue: str, job_ids: Collection[int], now: float) -> None:
    """Adopt those of these jobs that are due and that somebody else has left, where nothing lies in this queue."""
    with ledger.transaction():
        if not ledger.messages.has_messages(queue):
            due = [job.job_id for job in ledger.jobs.find_startable_jobs(job_ids) if (job.due_at or 0.0) <= now]
            adopt_jobs(ledger, queue, due, now)


def _may_move(ledger: Ledger, name: str, to: str) -> bool:
    """Return whether no other run waits for what lies in a queue."""
    name = whole_queue(name)
    return name in (MAIN, to) or not ledger.workers.is_served(name)


def _names_no_others(data: bytes, job_ids: Collection[int]) -> bool:
    with suppress(ValueError):
        message = json.loads(data)
        if isinstance(message, dict) and isinstance(message.get("args"), list):
            return all(job_id in job_ids for job_id in message["args"])
    return False

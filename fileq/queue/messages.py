"""Messages: JSON that names jobs, never code. The ledger knows the rest."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from fileq.ledger import Ledger
from fileq.ledger.tables.jobs import QueueEntry
from fileq.roots import part_for_roots

MAIN = "fileq"
"""The queue that every `fileq worker` serves. A `fileq run` has one of its own."""

PROCESS = "fileq.worker.tasks.process"
"""Huey's name for the task that does jobs."""

PATIENCE = 60.0
"""Seconds after which a job whose message was taken is thought to be held by nobody."""

_SMALL = 256 * 1024
_MOST_IN_ONE = 16
_MESSAGES_FOR_EVEN_SHARES = 32
_AHEAD = 0.5
"""Above a priority, which is a whole number, and below the next one."""


def encode_message(jobs: Sequence[int], priority: int = 0) -> bytes:
    """Return the message that says: process these jobs, one after another.

    It names its priority, as the schedule has no column for that.
    """
    return json.dumps({"id": f"job-{jobs[0]}", "name": PROCESS, "args": jobs, "priority": priority}).encode()


def send(ledger: Ledger, queue: str, due: Sequence[QueueEntry], now: float, *, overdue: bool = False) -> dict[int, int]:
    """Send messages for these jobs: into the queue, or into the schedule where they are due later.

    Small files share a message, as the delivery of one costs as much as a small picture; but never so many
    that one slot gets them all and another none. What is `overdue` had its turn, and comes before all others of its
    priority: else it would wait behind all that came since. Return the message of each job; of none, with a broker.
    """
    if ledger.outbox is not None:
        ledger.outbox.put(queue, due, now, overdue=overdue)
        return {}
    ahead = _AHEAD if overdue else 0.0
    sent: dict[int, int] = {}
    for (priority, due_at, roots), jobs in groupby(
        due, key=lambda job: (job.priority, _later(job.due_at, now), job.roots)
    ):
        groups = list(_groups(list(jobs)))
        name = part_for_roots(queue, roots)
        messages = [encode_message(group, priority) for group in groups]
        if due_at is None:
            ids = ledger.messages.insert_messages(name, ((message, priority + ahead) for message in messages))
        else:
            ids = ledger.messages.schedule_messages(name, ((message, due_at) for message in messages))
        sent |= {job_id: number for group, number in zip(groups, ids, strict=True) for job_id in group}
    return sent


def _later(due_at: float | None, now: float) -> float | None:
    return None if due_at is None or due_at <= now else due_at


def _groups(jobs: Sequence[QueueEntry]) -> Iterator[list[int]]:
    most = min(_MOST_IN_ONE, 1 + len(jobs) // _MESSAGES_FOR_EVEN_SHARES)
    group: list[int] = []
    for job in jobs:
        if job.size > _SMALL:
            yield [job.job_id]
            continue
        group.append(job.job_id)
        if len(group) == most:
            yield group
            group = []
    if group:
        yield group

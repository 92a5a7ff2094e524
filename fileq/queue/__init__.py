"""The queue: what a message says, and how it is sent. Sending needs neither Huey nor what processes jobs.

A job that is to be done is found by one of these, at any moment, and each transaction leads from one to another:

- Its message lies in Huey's table `task`, or in `schedule` where it is due later. Who enters a job, retries it, or ends
  its attempt without an end sends the message in the same transaction (`intake`, `control.retry_jobs`, `Attempt._end`,
  `recovery._requeue`). Huey's scheduler moves what is due in one transaction (`LedgerStorage.read_schedule`).
- It is in the hands of a slot, which took its message together with others' (`LedgerStorage.dequeue`) and claims them
  one by one, or as many small ones as it does in a moment. What it does not come to it sends again, and what it has
  claimed and not begun it undoes before: when the worker stops or pauses, when a claim finds the job not due yet, when
  something goes wrong (`Slot.give_back`, `control.put_jobs_back`).
- It runs: its worker ends the attempt, or recovery does once the worker is gone.
- No message names it (a kill in between, a message that somebody threw away). The ledger knows that exactly, by
  triggers on Huey's tables, and `control.resend_jobs` sends it again, ahead of all others of its priority: each
  minute, at once where a worker was found gone, and each second where a worker drains its queue.

A `fileq run` that was given files whose jobs are queued already adopts these jobs (`adoption.adopt_jobs`): it finds
them in its own queue, and whoever claims one first does it.

With a broker (`[queue] broker`), messages lie there instead, and nothing else changes: see `outbox`.

A queue whose own worker is gone is given to all workers, messages and all (`recovery._adopt_queues`).
"""

from fileq.queue.adoption import adopt_due_jobs, adopt_jobs
from fileq.queue.connection import (
    check_broker,
    check_common_broker,
    connect_broker,
    move_queue,
    open_connected_ledger,
    refuse_later_worker,
    register_worker,
)
from fileq.queue.messages import MAIN, PATIENCE, PROCESS, send

__all__ = [
    "MAIN",
    "PATIENCE",
    "PROCESS",
    "adopt_due_jobs",
    "adopt_jobs",
    "check_broker",
    "check_common_broker",
    "connect_broker",
    "move_queue",
    "open_connected_ledger",
    "refuse_later_worker",
    "register_worker",
    "send",
]

"""The outbox: messages for a broker outside of the ledger's database, sent once the ledger's transaction has ended.

The ledger alone says what is to be done. A job counts as sent once the broker has taken its message, and until then
every worker sends it again, each second (`Outbox.deliver`): so nothing is lost where whoever has queued it dies in
between, or where the broker is away. What the broker may have lost meanwhile counts as not sent, too: all, where it was
emptied or started again, which its identity tells; those of one queue, where a worker died or heard no answer, or where
the queue is empty that should not be. Nothing piles up: the message of a job is the same each time, and one message
names one job, as Redis keeps a set.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from fileq.errors import BrokerError, LedgerError
from fileq.ledger import Ledger
from fileq.ledger.tables.jobs import QueueEntry
from fileq.queue.messages import PATIENCE

if TYPE_CHECKING:
    from fileq.queue.broker import RedisBroker

_AT_ONCE, _MOST = 1_000, 100_000
"""Jobs that are sent together, and by one delivery: more than are done in a minute."""

_PAUSE = 10.0
"""Seconds for which nothing is sent at once after the broker has not answered: each try may last for seconds."""


class _Letter(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Jobs of one queue that are to be sent, and when that was written down, in seconds since the epoch."""

    queue: str
    due: Sequence[QueueEntry]
    written_at: float
    overdue: bool


class Outbox:
    """What one ledger sends to a broker. Safe to share between threads.

    `failure` is why the last messages could not be sent; None where they were.
    """

    def __init__(self, ledger: Ledger, connect: Callable[[str], "RedisBroker"]) -> None:
        """`connect` returns the broker for those who share a prefix."""
        self._connect = connect
        self.failure: BrokerError | None = None
        self._failed_at = float("-inf")
        self._ledger = ledger
        self._identity: str | None = None
        self._user: int | None = None
        self._held = threading.local()

    @cached_property
    def broker(self) -> "RedisBroker":
        """The broker, with what this ledger alone has there. Raises UsageError where its address is none."""
        secret = sha256(f"{self._ledger.name} {self._ledger.secret}".encode()).hexdigest()
        return self._connect(f"fileq_{self._ledger.name}_{secret[:8]}")

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Hold what is put into the outbox, and send it once the outermost block has ended; after an error, never."""
        if getattr(self._held, "steps", None) is not None:
            yield
            return
        steps = self._held.steps = []
        try:
            yield
        finally:
            self._held.steps = None
        if steps:
            self._do_at_once(steps)

    def put(self, queue: str, due: Sequence[QueueEntry], now: float, *, overdue: bool) -> None:
        """Have these jobs sent when the transaction has ended; those that are due later once they are.

        Where no transaction is open, at once.
        """
        with self._ledger.transaction():
            self._ledger.sent_messages.forget_jobs(job.job_id for job in due)
            ready = [job for job in due if job.due_at is None or job.due_at <= now]
            if ready and self.broker is not None:
                letter = _Letter(queue=queue, due=ready, written_at=now, overdue=overdue)
                self._held.steps.append(partial(self._send, letter))

    def deliver(self, queue: str, now: float, *, patience: float = PATIENCE, forgets: bool = False) -> int:
        """Send the jobs of a queue that are due and count as not sent; return how many were.

        Jobs whose message a slot took less than `patience` seconds ago are left to it. With `forgets`, nothing is
        believed of what was sent before. Raises LedgerError.
        """
        sent = 0
        try:
            self.check_broker(now)
            self._take_over(queue)
            if forgets:
                self._ledger.sent_messages.forget_sent(queue)
            while sent < _MOST:
                due = self._ledger.jobs.find_unsent_jobs(queue, now, patience=patience, limit=_AT_ONCE)
                marked = self._send(_Letter(queue=queue, due=due, written_at=now, overdue=False)) if due else 0
                sent += marked
                if marked < _AT_ONCE:
                    break
        except BrokerError as error:
            self._note_failure(error)
        else:
            self.failure = None
        return sent

    def check_broker(self, now: float) -> None:
        """Have all be sent again where the broker is another one, was emptied, or was started again.

        Raises BrokerError, LedgerError.
        """
        found = self.broker.identify()
        if found != self._identity or self._ledger.meta.find_value("broker") != found:
            self._ledger.sent_messages.adopt_broker(found, now)
            self._identity = found
            if self._user is not None:
                self.record_user(self._user)

    def record_user(self, worker_id: int) -> None:
        """Record that a worker takes its messages from this broker, also once that is started again."""
        self._user = worker_id
        self._ledger.sent_messages.record_user(worker_id, self.broker.path, self._identity or "")

    def is_other_broker(self, path: str, identity: str) -> bool:
        """Return whether the broker at an address is another one, and not this one by another name.

        `identity` is what told it from others. Raises BrokerError.
        """
        return bool(identity) and path != self.broker.path and identity != self.broker.identify()

    def drop_queue(self, queue: str) -> None:
        """Have the jobs of a queue count as not sent, and its messages thrown away when the transaction has ended."""
        with self._ledger.transaction():
            self._ledger.sent_messages.forget_sent(queue)
            self._held.steps.append(partial(self.broker.drop_queue, queue))

    def _take_over(self, queue: str) -> None:
        """Have the messages of those who know of no broker go to it as well."""
        if self._ledger.messages.has_any_messages(queue):
            self._ledger.messages.delete_messages(queue)

    def _do_at_once(self, steps: Iterable[Callable[[], object]]) -> None:
        """Send what was written down. What goes wrong is noted: the jobs are queued, and are sent later."""
        if time.monotonic() - self._failed_at < _PAUSE:
            return
        try:
            if self._identity is None:
                self.check_broker(self._ledger.now())
            for step in steps:
                step()
            self.failure = None
        except BrokerError as error:
            self._note_failure(error)
        except LedgerError:
            return

    def _send(self, letter: _Letter) -> int:
        """Send a letter; return how many of its jobs count as sent by that. Raises BrokerError, LedgerError."""
        marked = 0
        for start in range(0, len(letter.due), _AT_ONCE):
            some = letter.due[start : start + _AT_ONCE]
            self.broker.send(letter.queue, some, overdue=letter.overdue)
            job_ids = [job.job_id for job in some]
            marked += self._ledger.sent_messages.mark_sent(job_ids, letter.written_at, self._identity or "")
        if not marked:  # by now it may be known that the broker is another one
            self._identity = None
        return marked

    def _note_failure(self, error: BrokerError) -> None:
        self.failure, self._failed_at = error, time.monotonic()

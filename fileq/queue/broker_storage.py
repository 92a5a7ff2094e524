"""Huey's storage for a queue whose messages are on a broker: its priority storage on Redis."""

import datetime as dt
import time
from contextlib import suppress
from functools import partial

from redis import ConnectionPool

from fileq.errors import BrokerError, LedgerError
from fileq.ledger import Ledger
from fileq.queue.broker import BrokerClient
from fileq.queue.huey_library import PriorityRedisStorage, load_client
from fileq.queue.storage import Unrevoked
from fileq.roots import parts_here

_SHORTEST_WAIT = 0.005
"""Seconds; the server takes 0 for as long as it takes."""

_SUSPICION = 60.0
"""Seconds after which a queue that is still empty is thought about again: should it be?"""


class BrokerStorage(Unrevoked, PriorityRedisStorage):  # type: ignore[misc]  # huey has no types
    """Huey's priority storage on Redis. Whoever waits is woken by the server; what a slot takes, the ledger is told.

    Priorities hold within a part of the queue, which has the jobs that need the same roots.
    """

    def __init__(self, name: str, ledger: Ledger) -> None:
        assert ledger.outbox is not None
        load_client("redis")
        self._ledger = ledger
        self._outbox = ledger.outbox
        self._queue = name
        self._untold: bytes | None = None
        self._is_suspect = True
        self._suspects_at = float("-inf")
        broker = self._outbox.broker
        self._turn = 0
        self.redis_client = partial(_create_client, broker.path)
        super().__init__(broker.storage_name(name), connection_pool=broker.pool, read_timeout=_SHORTEST_WAIT)

    def dequeue(self) -> bytes | None:
        """Take the next message off the queue, and return it; None where none comes for as long as was waited last.

        Raises BrokerError. Raises LedgerError too, and returns the message the next time.
        """
        try:
            self.queue_key = self._keys_in_turn()
            data = self._untold or super().dequeue()
        except BrokerError:
            self._is_suspect = True  # it may have given a message away, and nobody has heard of it
            raise
        if data is None:
            self._suspect_where_empty()
            return None
        self._untold, self._suspects_at = data, float("-inf")
        self._ledger.sent_messages.mark_taken(data, self._ledger.now())
        self._untold = None
        return bytes(data)

    def _keys_in_turn(self) -> list[str]:
        """Return where to look: no part of the queue is to wait for the end of another, and roots come and go."""
        parts = parts_here(self._queue)
        self._turn = (self._turn + 1) % len(parts)
        return [self._outbox.broker.queue_key(part) for part in (*parts[self._turn :], *parts[: self._turn])]

    def wait(self, seconds: float) -> None:
        """Have the next look for a message wait for one, not longer than so many seconds."""
        self.read_timeout = max(_SHORTEST_WAIT, seconds)

    def read_schedule(self, ts: dt.datetime) -> list[bytes]:
        """Send what is due and was not sent, and return nothing. Huey's scheduler calls this each second."""
        del ts
        is_suspect, self._is_suspect = self._is_suspect, False
        with suppress(LedgerError):  # the slots say it, and it would be said a second time
            self._outbox.deliver(self._queue, self._ledger.now(), forgets=is_suspect)
        if self._outbox.failure is not None:
            self._is_suspect |= is_suspect
        return []

    def _suspect_where_empty(self) -> None:
        """Doubt an empty queue of which the ledger believes otherwise: somebody has thrown messages away."""
        now = time.monotonic()
        if now >= self._suspects_at:
            self._suspects_at = now + _SUSPICION
            self._is_suspect |= self._ledger.sent_messages.has_sent(self._queue)


def _create_client(path: str, connection_pool: ConnectionPool) -> BrokerClient:
    return BrokerClient(path, connection_pool)

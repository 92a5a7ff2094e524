"""Huey's storage and serializer for a queue: messages are JSON, and lie in the ledger's own database."""

import datetime as dt
import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fileq.config import is_server
from fileq.errors import LedgerError
from fileq.ledger import Ledger
from fileq.queue.huey_library import Message, PostgresStorage, Serializer, SqliteStorage, load_client


class JsonSerializer(Serializer):  # type: ignore[misc]  # huey has no types
    """Messages as JSON: whoever can write to the queue must not be able to run code."""

    def _serialize(self, message: Message) -> bytes:
        parts = {"id": message.id, "name": message.name, "args": message.args, "priority": message.priority}
        return json.dumps(parts).encode()

    def _deserialize(self, data: bytes) -> Message:
        parts = json.loads(data)
        return Message(parts["id"], parts["name"], args=tuple(parts["args"]), retries=0, priority=parts.get("priority"))


class Unrevoked:
    """What Huey asks a storage before and after each message: whether that was revoked. No message of ours ever is."""

    def peek_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return nothing."""
        del keys
        return {}

    def delete_data(self, key: str) -> bool:
        """Delete nothing."""
        del key
        return False


class LedgerStorage(Unrevoked):
    """What Huey's storages do otherwise where messages lie in the ledger: they use its connections and transactions."""

    name: str

    def __init__(self, name: str, ledger: Ledger, **options: Any) -> None:
        self._database = ledger.database
        self._messages = ledger.messages
        super().__init__(name, create_tables=False, **options)  # type: ignore[call-arg]  # Huey's

    @contextmanager
    def db(self, commit: bool = False, close: bool = False) -> Iterator[Any]:
        """Lend a cursor on the ledger's connection, in a transaction where Huey is to commit."""
        del close  # the connection is the ledger's
        with self._database.transaction() if commit else self._database.reading() as connection:
            yield connection.cursor()

    def dequeue(self) -> bytes | None:
        """Take the next message off the queue, and return it; None where there is none."""
        return self._messages.take_message(self.name, self._database.now())

    def wait(self, seconds: float) -> None:
        """Wait for a message, not longer than so many seconds, as well as the database allows."""
        time.sleep(seconds)  # half the price of waiting for an event, and the worker stops soon enough

    def read_schedule(self, ts: dt.datetime) -> list[bytes]:
        """Move what is due into the queue, and return nothing.

        `ts` is this host's time; what is due is so by the database's. Huey's scheduler would enqueue what is returned
        here message by message: a kill in between loses the rest.
        """
        del ts
        with suppress(LedgerError):  # the slots say it, and it would be said a second time
            self._messages.move_due_messages(self.name, self._database.now())
        return []


class SqliteLedgerStorage(LedgerStorage, SqliteStorage):  # type: ignore[misc]  # huey has no types
    """Huey's SQLite storage on the ledger's own connection.

    Two connections in one process would wait for each other in SQLite's busy loop, which sleeps for milliseconds.
    """

    def __init__(self, name: str, ledger: Ledger) -> None:
        super().__init__(name, ledger, filename=ledger.database.address)


class PostgresLedgerStorage(LedgerStorage, PostgresStorage):  # type: ignore[misc]  # the same
    """Huey's PostgreSQL storage on the ledger's connections; one more for each thread that waits is Huey's."""

    def __init__(self, name: str, ledger: Ledger) -> None:
        from fileq.ledger.database.postgres.connection import with_keepalives  # noqa: PLC0415  # few have psycopg

        load_client("psycopg")
        super().__init__(name, ledger, dsn=with_keepalives(ledger.database.address))
        self._listeners: list[Any] = []

    def wait(self, seconds: float) -> None:
        """Wait for a message: the server says when one comes, as a trigger of the ledger's has it do."""
        try:
            list(self._listener().notifies(timeout=seconds, stop_after=1))
        except Exception:  # noqa: BLE001  # whatever it is, whoever looks for a message next says it
            time.sleep(seconds)

    def _listener(self) -> Any:
        listener = self._listen_conn()
        if listener not in self._listeners:
            self._listeners = [*(one for one in self._listeners if not one.closed), listener]
        return listener

    def close_listeners(self) -> None:
        """Close the connections of threads that have waited here."""
        for listener in self._listeners:
            listener.close()


def close_listeners(huey: Any) -> None:
    """Close the connections of threads that have waited for messages, once they have ended. Huey leaves them open."""
    if isinstance(huey.storage, PostgresLedgerStorage):
        huey.storage.close_listeners()


def storage_of(ledger: Ledger) -> type[Any]:
    """Return the storage for a ledger's broker, or for its database where it has none."""
    if ledger.outbox is not None:
        from fileq.queue.broker_storage import BrokerStorage  # noqa: PLC0415  # few have Redis

        return BrokerStorage
    return PostgresLedgerStorage if is_server(ledger.database.address) else SqliteLedgerStorage

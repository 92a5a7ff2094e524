"""Huey's storage and serializer for a queue: messages are JSON, and lie in the ledger's own database."""

import datetime as dt
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import SqliteStorage

from fileq.errors import LedgerError
from fileq.ledger import Ledger


class JsonSerializer(Serializer):  # type: ignore[misc]  # huey has no types
    """Messages as JSON: whoever can write to the queue must not be able to run code."""

    def _serialize(self, message: Message) -> bytes:
        parts = {"id": message.id, "name": message.name, "args": message.args, "priority": message.priority}
        return json.dumps(parts).encode()

    def _deserialize(self, data: bytes) -> Message:
        parts = json.loads(data)
        return Message(parts["id"], parts["name"], args=tuple(parts["args"]), retries=0, priority=parts.get("priority"))


class LedgerStorage(SqliteStorage):  # type: ignore[misc]  # huey has no types
    """Huey's SQLite storage on the ledger's own connection.

    Two connections in one process would wait for each other in SQLite's busy loop, which sleeps for milliseconds.
    """

    def __init__(self, name: str, ledger: Ledger) -> None:
        self._database = ledger.database
        self._messages = ledger.messages
        super().__init__(name, filename=ledger.database.path, create_tables=False)

    @contextmanager
    def db(self, commit: bool = False, close: bool = False) -> Iterator[Any]:
        """Lend a cursor on the ledger's connection, in a transaction where Huey is to commit."""
        del close  # the connection is the ledger's
        with self._database.transaction() if commit else self._database.reading() as connection:
            yield connection.cursor()

    def dequeue(self) -> bytes | None:
        """Take the next message off the queue, and return it; None where there is none."""
        return self._messages.take_message(self.name, time.time())

    def read_schedule(self, ts: dt.datetime) -> list[bytes]:
        """Move what is due into the queue, and return nothing.

        Huey's scheduler would enqueue what is returned here message by message: a kill in between loses the rest.
        """
        with suppress(LedgerError):  # the slots say it, and it would be said a second time
            self._messages.move_due_messages(self.name, ts.timestamp())
        return []

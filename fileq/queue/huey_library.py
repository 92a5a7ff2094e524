"""Huey, loaded without the clients of servers that this process has no use for.

It imports those of all servers that are installed: 0.15 s, and memory, at each start of whoever has a file alone. Who
uses a server gives Huey's storages its client.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_CLIENTS = ("redis", "psycopg")


@contextmanager
def _without_clients() -> Iterator[None]:
    unused = [name for name in _CLIENTS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(unused))  # type: ignore[arg-type]  # to import what is None fails as if it were not there
    try:
        yield
    finally:
        for name in unused:
            del sys.modules[name]


with _without_clients():
    from huey import Huey, crontab
    from huey.api import Task
    from huey.consumer import Consumer, ConsumerStopped, Scheduler, ThreadEnvironment
    from huey.consumer import Worker as HueyWorker
    from huey.registry import Message
    from huey.serializer import Serializer
    from huey.storage import PostgresStorage, PriorityRedisStorage, SqliteStorage

__all__ = [
    "Consumer",
    "ConsumerStopped",
    "Huey",
    "HueyWorker",
    "Message",
    "PostgresStorage",
    "PriorityRedisStorage",
    "Scheduler",
    "Serializer",
    "SqliteStorage",
    "Task",
    "ThreadEnvironment",
    "crontab",
    "load_client",
]


_PARTS = {
    "psycopg": {"psycopg": "psycopg"},
    "redis": {
        "Redis": "redis",
        "ConnectionPool": "redis",
        "ConnectionError": "redis.exceptions",
        "TimeoutError": "redis.exceptions",
    },
}
"""What Huey's storages import for each client: its name there, and the module that has it or is it."""


def load_client(name: str) -> None:
    """Have Huey's storages know this client, redis or psycopg, for who is about to use it. Raises ImportError."""
    storage = importlib.import_module("huey.storage")
    for part, module_name in _PARTS[name].items():
        module = importlib.import_module(module_name)
        setattr(storage, part, getattr(module, part, module))

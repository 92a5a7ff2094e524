"""What a slot and its child say to each other: objects through one of multiprocessing's pipes, at half of its price.

There, each word that is sent has a pickler of its own, which could send handles, too; and each look for an answer makes
a selector.
"""

import pickle
import select
import sys
from typing import Any

from fileq.process.forkserver import Connection


def send(connection: Connection, word: object) -> None:
    """Send an object to the other end. Raises OSError where nobody is there."""
    connection.send_bytes(pickle.dumps(word, pickle.HIGHEST_PROTOCOL))


def receive(connection: Connection) -> Any:
    """Wait for an object of the other end, and return it. Raises EOFError where nobody is there, OSError."""
    return pickle.loads(connection.recv_bytes())  # noqa: S301  # who answers is a child of ours


def is_readable(connection: Connection, seconds: float) -> bool:
    """Wait so long at most, and return whether there is something to receive: an object, or the end."""
    if sys.platform == "win32":
        return connection.poll(seconds)
    else:  # noqa: RET505  # else mypy takes the rest for unreachable there
        poll = select.poll()
        poll.register(connection, select.POLLIN)
        return bool(poll.poll(1000 * seconds))

"""What tells a command that goes file by file to stop."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fileq import signals


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether Ctrl-C or SIGTERM came: who asks it between two files ends there."""
    requested = threading.Event()
    with signals.handled(dict.fromkeys(("SIGINT", "SIGTERM"), lambda *_: requested.set())):
        yield requested.is_set

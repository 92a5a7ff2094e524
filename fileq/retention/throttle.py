"""Cleaning has time: workers that wait for the database get at least half of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def giving_way() -> Iterator[None]:
    """After a transaction, wait as long as it took: SQLite doesn't let those in first who have waited longest."""
    begun = time.monotonic()
    yield
    time.sleep(time.monotonic() - begun)

"""What keeps a cleanup from getting in anybody's way: a lock against a second one, and a throttle for the database."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from fileq.errors import EnvironmentFailure
from fileq.ledger import Ledger
from fileq.ledger.columns import decode_column
from fileq.presence import ProcessIdentity, may_be_at_work, this_process


class CleanupLockHolder(msgspec.Struct, frozen=True):
    """The process that cleans up, since `at`, in seconds since the epoch."""

    process: ProcessIdentity
    at: float


@contextmanager
def cleanup_lock(ledger: Ledger, now: float) -> Iterator[None]:
    """Hold the lock that one cleanup at a time has: two would take each other's hidden files for what a crash has left.

    Raises EnvironmentFailure where another process has it.
    """
    lock = msgspec.json.encode(CleanupLockHolder(this_process(), now)).decode()
    with ledger.transaction():
        holder = decode_column(ledger.retention.find_cleaner(), CleanupLockHolder)
        if holder is not None and may_be_at_work(holder.process, now - holder.at):
            raise EnvironmentFailure(
                f"Another cleaning is under way: process {holder.process.pid} on {holder.process.host}.",
                "Wait for it to end, then try again.",
            )
        ledger.retention.begin_cleaning(lock)
    try:
        yield
    finally:
        ledger.retention.end_cleaning(lock)


@contextmanager
def throttle() -> Iterator[None]:
    """Wait, after a transaction, as long as it took: workers that want the database get at least half of the time.

    SQLite doesn't let those in first who have waited longest.
    """
    begun = time.monotonic()
    yield
    time.sleep(time.monotonic() - begun)

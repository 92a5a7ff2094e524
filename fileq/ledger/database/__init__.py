"""The database of a ledger: a file of SQLite's, or a schema of a PostgreSQL server's.

Transactions that write exclude each other. In SQLite each is `begin immediate`; in PostgreSQL each is read committed,
whatever the server's default, and takes the ledger's advisory lock first, so that its first look comes after the end of
the one before it. A look, the decision on it and the write are one transaction, and need no row locks and no repeats.
What each of them relies on:

- Claim (`Attempts.claim_jobs`): one update whose condition is the state, the time and the pause. It counts the attempt,
  and with that makes the token. Of two that claim, one finds the row as it wants it; the other does not get it.
- Fence (`find_void_tokens`, and the condition of each update that ends an attempt): the job's id, its count of
  attempts, and `running`. What comes after another attempt, a cancellation or a recovery changes no row, and is told
  so, or raises Fenced.
- Take a message (`QueueMessages.take_message`): two statements in one transaction, which mark its jobs and delete it.
  Each finds the most urgent message by itself: the lock has them find the same. A look before them, without the lock,
  only tells whether there is any.
- Withdraw (`Attempts.withdraw_claims`): an update whose condition is the worker and the moment of the claim. Whoever
  does it sends the messages in the same transaction.
- Reserve (`fileq.publish.reservation`): the fence, whose each path is, and the rows for them all, in one transaction.
  No two jobs get one path, and a fenced one gets none.
- Publish (`fileq.publish.publication`): two transactions. The first is on disk before a file gets its name, and says
  whose that is; the second, behind the fence again, ends the jobs. In between anybody may have been killed: recovery
  finds by the first what has become of the files.
- A schedule's once (`fileq.schedule.scheduler`): whether a task is due, and that it runs until when it is due next, in
  one transaction. Whoever comes second sees the next time.
- Cleaning's lock (`fileq.retention.lock`): who cleans, whether that process still may, and that it is oneself now, in
  one transaction. The cleaning is many; each checks what it removes again.
- A new schema (`fileq.ledger.migrations`): the version is looked at once more inside the transaction. In PostgreSQL its
  maker holds one lock of the whole database, and the ledger's. Readers hold no lock of ours, so that it may meet a
  deadlock with one: then it begins again.

Who only reads takes no lock: each statement sees what was committed before it began, and two of them in one block of
`reading` may see two moments.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from fileq.config.database_address import is_server
from fileq.errors import LedgerError, find_lack_of_memory, find_shortage
from fileq.ledger.database.base import ALL, Connection, Database, DatabaseSize, select_among, table_of_values
from fileq.ledger.database.sqlite import SqliteDatabase

__all__ = [
    "ALL",
    "Connection",
    "Database",
    "DatabaseSize",
    "open_database",
    "postgres_imports",
    "select_among",
    "table_of_values",
]


def open_database(path: str, patience: float) -> Database:
    """Return the database at `path`, made where there is none: a file, or a PostgreSQL server's. Raises LedgerError."""
    if is_server(os.fspath(path)):
        return _postgres(path, patience)
    return SqliteDatabase(os.fspath(path), patience)


def _postgres(url: str, patience: float) -> Database:
    with postgres_imports():
        from fileq.ledger.database.postgres import PostgresDatabase  # noqa: PLC0415  # few have it
    return PostgresDatabase(url, patience)


@contextmanager
def postgres_imports() -> Iterator[None]:
    """Say what is missing where the block imports what needs psycopg. Raises LedgerError, and Shortage."""
    try:
        yield
    except ImportError as error:
        lack = find_shortage(error) or find_lack_of_memory()
        if lack is not None:
            raise lack from error
        raise LedgerError(
            f"A database of PostgreSQL needs psycopg, which is not here ({error}).",
            "Install it: pip install 'fileq[postgres]'",
        ) from error

"""The database of a ledger: a file of SQLite's, or a schema of a PostgreSQL server's."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from fileq.config.database_address import is_server
from fileq.errors import LedgerError
from fileq.ledger.database.base import ALL, Connection, Database, DatabaseSize, select_among
from fileq.ledger.database.sqlite import SqliteDatabase

__all__ = ["ALL", "Connection", "Database", "DatabaseSize", "open_database", "postgres_imports", "select_among"]


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
    """Say what is missing where the block imports what needs psycopg. Raises LedgerError."""
    try:
        yield
    except ImportError as error:
        raise LedgerError(
            f"A database of PostgreSQL needs psycopg, which is not here ({error}).",
            "Install it: pip install 'fileq[postgres]'",
        ) from error

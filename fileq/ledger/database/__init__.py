"""The database of a ledger: a file of SQLite's, or a schema of a PostgreSQL server's."""

import os

from fileq.config.database_address import is_server
from fileq.errors import LedgerError
from fileq.ledger.database.base import ALL, Connection, Database, DatabaseSize, select_among
from fileq.ledger.database.sqlite import SqliteDatabase

__all__ = ["ALL", "Connection", "Database", "DatabaseSize", "open_database", "select_among"]


def open_database(path: str, patience: float) -> Database:
    """Return the database at `path`, made where there is none: a file, or a PostgreSQL server's. Raises LedgerError."""
    if is_server(os.fspath(path)):
        return _postgres(path, patience)
    return SqliteDatabase(os.fspath(path), patience)


def _postgres(url: str, patience: float) -> Database:
    try:
        from fileq.ledger.database.postgres import PostgresDatabase  # noqa: PLC0415  # few have it
    except ImportError as error:
        raise LedgerError(
            f"A database of PostgreSQL needs psycopg, which is not here ({error}).",
            "Install it: pip install 'fileq[postgres]'",
        ) from error
    return PostgresDatabase(url, patience)

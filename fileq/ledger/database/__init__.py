"""The database of a ledger: a file of SQLite's."""

from fileq.ledger.database.base import ALL, Connection, Database, select_among
from fileq.ledger.database.sqlite import SqliteDatabase

__all__ = ["ALL", "Connection", "Database", "open_database", "select_among"]


def open_database(path: str, patience: float) -> Database:
    """Return the database at `path`, made where there is none. Raises LedgerError."""
    return SqliteDatabase(path, patience)

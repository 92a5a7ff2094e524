"""What a ledger is copied from and to, in whatever database each is.

Rows hold values as SQLite gives them, with paths as the system's functions take them: with surrogate escapes.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from fileq.ledger.copy.table_shape import TableShape

Row = tuple[Any, ...]

ROWS_AT_ONCE = 2_000
"""Rows that are held in memory: a few megabytes."""


class TableReader(Protocol):
    """Reads tables."""

    path: str
    """The address as people may see it."""

    def read_rows(self, table: TableShape) -> Iterator[list[Row]]:
        """Yield all rows of a table, some thousands at a time."""


class CopySource(TableReader, Protocol):
    """A ledger as it is at one moment. It can't be changed by this."""

    now: float
    """That moment by the ledger's clock, in seconds since the epoch."""

    def count_rows(self, table: TableShape) -> int:
        """Return how many rows a table has."""

    def select(self, query: str) -> list[Row]:
        """Return what a query finds, in words that both databases take."""

    def renew(self) -> None:
        """Read the ledger as it is by now from here on."""


class CopyTarget(TableReader, Protocol):
    """A ledger that is being made, and that nobody else sees yet."""

    def write_rows(self, table: TableShape, batches: Iterable[list[Row]]) -> None:
        """Write rows into a table that is empty."""

    def complete(self) -> None:
        """Make what comes after the rows: indices, triggers, and where ids go on."""

"""A ledger in PostgreSQL, copied from and to."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import psycopg

from fileq.config.database_address import hide_password
from fileq.errors import UsageError
from fileq.ledger.copy.protocol import ROWS_AT_ONCE, Row
from fileq.ledger.copy.version import check_version
from fileq.ledger.database.postgres.connection import configure, with_keepalives
from fileq.ledger.database.postgres.dialect import table_behind, translate
from fileq.ledger.database.postgres.errors import server_errors
from fileq.ledger.database.postgres.schema import (
    SCHEMA_LOCK,
    SCHEMA_OPTION,
    check_server,
    create_logic,
    create_tables,
    find_version,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fileq.ledger.copy.table_shape import TableShape

_LONGEST_PAUSE = 600.0
"""Seconds for which one side may wait for the other."""

"""Tables whose names begin with huey_ here."""


class _SchemaReader:
    def __init__(self, raw: psycopg.Connection[Any], path: str) -> None:
        self.path = path
        self._raw = raw
        self._cursors = count()

    def read_rows(self, table: TableShape) -> Iterator[list[Row]]:
        """Yield all rows of a table, some thousands at a time."""
        query = f"select {', '.join(table.columns)} from {_rows_of(table)}"  # noqa: S608  # ours
        with self._raw.cursor(f"rows_{next(self._cursors)}") as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield rows


class PostgresSource(_SchemaReader):
    """A ledger's schema as it is at one moment."""

    def __init__(self, raw: psycopg.Connection[Any], path: str) -> None:
        super().__init__(raw, path)
        self.renew()

    def renew(self) -> None:
        """Read the ledger as it is by now from here on."""
        self._raw.execute("rollback; begin isolation level repeatable read read only")
        ((now,),) = self.select("select extract(epoch from clock_timestamp())")
        self.now = float(now)

    def count_rows(self, table: TableShape) -> int:
        """Return how many rows a table has."""
        ((rows,),) = self.select(f"select count(*) from {_rows_of(table)}")  # noqa: S608  # ours
        return int(rows)

    def select(self, query: str) -> list[Row]:
        """Return what a query finds."""
        return self._raw.execute(translate(query)).fetchall()


class PostgresTarget(_SchemaReader):
    """A schema that is being made into a ledger, in a transaction."""

    def __init__(self, raw: psycopg.Connection[Any], path: str) -> None:
        super().__init__(raw, path)
        self._indices = create_tables(raw)
        self._tables: list[TableShape] = []

    def write_rows(self, table: TableShape, batches: Iterable[list[Row]]) -> None:
        """Write rows into a table that is empty."""
        self._tables.append(table)
        columns = ", ".join(table.columns)
        with self._raw.cursor().copy(f"copy {table_behind(table.name)} ({columns}) from stdin") as copy:
            for rows in batches:
                for row in rows:
                    copy.write_row(row)

    def complete(self) -> None:
        """Make what comes after the rows: indices, functions, triggers, and where ids go on."""
        self._raw.execute(self._indices)
        create_logic(self._raw)
        for table, column in self._raw.execute(_NUMBERED_COLUMNS).fetchall():
            self._raw.execute(
                f"select setval(pg_get_serial_sequence('{table}', '{column}'), coalesce(max({column}), 0) + 1, false)"  # noqa: S608  # ours
                f" from {table}"
            )
        self._raw.execute(f"analyze {', '.join(table_behind(table.name) for table in self._tables)}")


_NUMBERED_COLUMNS = """
    select table_name, column_name from information_schema.columns
    where table_schema = current_schema() and (is_identity = 'YES' or column_default like 'nextval(%')
"""


@contextmanager
def open_postgres_source(url: str) -> Iterator[PostgresSource]:
    """Give the ledger at an address, which is only read. Raises NotFoundError, LedgerError."""
    path = hide_password(url)
    with server_errors(path), _connect(url) as raw:
        check_server(raw, path)
        raw.execute("begin")
        check_version(find_version(raw, path), path)
        yield PostgresSource(raw, path)


@contextmanager
def new_postgres_target(url: str) -> Iterator[PostgresTarget]:
    """Give a new ledger at an address, which is there when the block ends well. Raises UsageError, LedgerError."""
    path = hide_password(url)
    with server_errors(path), _connect(url) as raw:
        check_server(raw, path)
        with raw.transaction():
            raw.execute(SCHEMA_LOCK)
            if find_version(raw, path) is not None:
                raise UsageError(
                    f"There is a ledger in {path} already, and nothing was copied.",
                    f"Name a database without one, or another schema: {SCHEMA_OPTION} behind the address.",
                )
            yield PostgresTarget(raw, path)


def _connect(url: str) -> psycopg.Connection[Any]:
    raw = psycopg.connect(with_keepalives(url), autocommit=True, connect_timeout=5)
    configure(raw, _LONGEST_PAUSE)
    return raw


def _rows_of(table: TableShape) -> str:
    """Return what follows "from": SQLite keeps the schema's version elsewhere, and it is no row to be copied."""
    return f"{table_behind(table.name)} where key <> 'schema'" if table.name == "meta" else table_behind(table.name)

"""A connection to PostgreSQL that takes the ledger's SQL."""

from __future__ import annotations

import re
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import UniqueViolation

from fileq.ledger.database.postgres.dialect import table_behind, translate
from fileq.ledger.database.postgres.types import register_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import psycopg

    from fileq.ledger.database.base import Rows, Values

_SCHEMA = "fileq"
"""Where the tables are, unless the URL says otherwise: beside those of an application they have a room of their own."""

_ROWS_AT_ONCE = 500
"""Rows of one statement: a server takes 65,535 values."""

_WORTH_A_COPY = 50
"""Rows from which on "copy" is worth its savepoint, in which one that is there already is found."""

_INSERT = re.compile(r"insert into (\w+) (\([\w, ]+\)) values (\(%s(?:, %s)*\))( on conflict do nothing)?")

_AMONG = re.compile(r"(select [^?]+) in \(\?(?:, \?)*\)")
_LONG_LIST = 50
"""Values from which on they are given as an array: psycopg takes a statement with more marks apart at each call."""

_NOTICING = {"keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
"""So a host that is cut off from its server notices within 20 seconds: by itself, TCP takes a quarter of an hour."""


def with_keepalives(url: str) -> str:
    """Return what leads libpq to the server at this address, and has it notice that the network is gone."""
    named = conninfo_to_dict(url)
    return make_conninfo(url, **{name: value for name, value in _NOTICING.items() if name not in named})


class _Inserted:
    """What is known of rows that were inserted: how many."""

    def __init__(self, rowcount: int) -> None:
        self.rowcount = rowcount

    def fetchone(self) -> None:
        """Return None: no row comes back."""

    def fetchall(self) -> list[Any]:
        """Return no rows."""
        return []

    def __iter__(self) -> Iterator[Any]:
        return iter(())


class PostgresConnection:
    """A connection, which translates what it executes. `only_reads`: it has done nothing else yet."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw = raw
        self.only_reads = True

    def execute(self, statement: str, values: Values = (), /) -> Rows:
        """Execute a statement."""
        self.only_reads = self.only_reads and statement.startswith("select ")
        if len(values) >= _LONG_LIST and {*map(type, values)} in ({str}, {int}):
            found = _AMONG.fullmatch(statement)
            if found is not None:
                return self._raw.execute(f"{translate(found[1])} = any(%s)".encode(), [list(values)])
        return self._raw.execute(translate(statement), values)

    def executemany(self, statement: str, values: Iterable[Values], /) -> Rows:
        """Execute a statement, which returns no rows, for each of these values."""
        self.only_reads = False
        text = translate(statement)
        insert = _INSERT.fullmatch(text)
        if insert is not None:
            table, columns, row, on_conflict = insert.groups("")
            return self._insert(table, columns, row, on_conflict, values)
        cursor = self._raw.cursor()
        cursor.executemany(text, values)
        self._raw.execute("")  # after psycopg's pipeline, servers (15, 18) don't count how long the transaction pauses
        return cursor

    def _insert(self, table: str, columns: str, row: str, on_conflict: str, values: Iterable[Values]) -> _Inserted:
        """Insert many rows at once: triggers then run once for them all. By "copy", where there are enough of them."""
        left = iter(values)
        count = 0
        while some := list(islice(left, _ROWS_AT_ONCE)):
            if len(some) >= _WORTH_A_COPY and self._copy(table, columns, some):
                count += len(some)
                continue
            statement = f"insert into {table} {columns} values {', '.join([row] * len(some))}{on_conflict}"  # noqa: S608  # ours
            count += self._raw.execute(statement.encode(), list(chain.from_iterable(some))).rowcount
        return _Inserted(count)

    def _copy(self, table: str, columns: str, rows: list[Values]) -> bool:
        """Copy rows into a table; return False, and have copied none, where one of them is there already."""
        statement = f"copy {table_behind(table)} {columns} from stdin"
        try:
            with self._raw.transaction(), self._raw.cursor().copy(statement.encode()) as copy:
                for row in rows:
                    copy.write_row(row)  # type: ignore[arg-type]  # what is inserted has no named values
        except UniqueViolation:
            return False
        return True

    def cursor(self) -> Any:
        """Return a cursor, as Huey's storages use them."""
        self.only_reads = False
        return self._raw.cursor()


def configure(raw: psycopg.Connection[Any], longest_pause: float) -> None:
    """Have a connection find the ledger's tables, and take and give values as SQLite does, whatever its user has set.

    `longest_pause` is how many seconds a transaction may do nothing before the server ends it.
    """
    register_types(raw)
    settings = {
        "idle_in_transaction_session_timeout": str(int(1000 * longest_pause)),
        "default_transaction_isolation": "'read committed'",  # each statement sees what was done before it
        "client_encoding": "'UTF8'",
    }
    if "search_path" not in (raw.info.get_parameters().get("options") or ""):
        settings["search_path"] = _SCHEMA
    raw.execute("; ".join(f"set {name} = {value}" for name, value in settings.items()))
    raw.execute(
        "select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'"
    )

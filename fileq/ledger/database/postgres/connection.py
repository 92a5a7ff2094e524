"""A connection to PostgreSQL that takes the ledger's SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fileq.ledger.database.postgres.dialect import translate
from fileq.ledger.database.postgres.types import register_types

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from fileq.ledger.database.base import Rows, Values

_SCHEMA = "fileq"
"""Where the tables are, unless the URL says otherwise: beside those of an application they have a room of their own."""


_NOTICING = {"keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
"""So a host that is cut off from its server notices within 20 seconds: by itself, TCP takes a quarter of an hour."""


def with_keepalives(url: str) -> str:
    """Return what leads libpq to the server at this address, and has it notice that the network is gone."""
    named = conninfo_to_dict(url)
    return make_conninfo(url, **{name: value for name, value in _NOTICING.items() if name not in named})


class PostgresConnection:
    """A connection, which translates what it executes."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw = raw

    def execute(self, statement: str, values: Values = (), /) -> Rows:
        """Execute a statement."""
        return self._raw.execute(translate(statement), values)

    def executemany(self, statement: str, values: Iterable[Values], /) -> Rows:
        """Execute a statement, which returns no rows, for each of these values."""
        cursor = self._raw.cursor()
        cursor.executemany(translate(statement), values)
        self._raw.execute("")  # after psycopg's pipeline, servers (15, 18) don't count how long the transaction pauses
        return cursor

    def cursor(self) -> Any:
        """Return a cursor, as Huey's storages use them."""
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

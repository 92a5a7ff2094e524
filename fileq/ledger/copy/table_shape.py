"""The tables of a ledger, and what their columns hold: as the scripts make them in SQLite."""

import sqlite3
from contextlib import closing

import msgspec

from fileq.ledger.script import read_script, run_script

_ORDERED_BY_ROWID = ("outputs",)
"""Tables whose hidden row ids count, as their rows are ordered by these."""


class TableShape(msgspec.Struct, frozen=True):
    """A table by its name in SQLite. `path_places` are the places of the columns that hold paths."""

    name: str
    columns: tuple[str, ...]
    path_places: tuple[int, ...]
    text_places: tuple[int, ...]


def list_tables() -> list[TableShape]:
    """Return the tables of the schema of now, Huey's too."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for script in ("huey.sql", "schema.sql"):
            run_script(connection, read_script(script))
        names = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        return [_shape(connection, name) for name in names]


def _shape(connection: sqlite3.Connection, name: str) -> TableShape:
    columns = [("rowid", "INTEGER")] if name in _ORDERED_BY_ROWID else []
    columns += [(column, kind.upper()) for _, column, kind, *_ in connection.execute(f"pragma table_info({name})")]
    return TableShape(
        name,
        tuple(column for column, _ in columns),
        tuple(place for place, (_, kind) in enumerate(columns) if kind == "ANY"),
        tuple(place for place, (_, kind) in enumerate(columns) if kind == "TEXT"),
    )

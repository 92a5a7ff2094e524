"""Huey's tables are ours too: their shape must be the one that Huey's own storage would make."""

import sqlite3

from huey.storage import SqliteStorage

TABLES = ("kv", "schedule", "task", "counter")


def shape(connection):
    """What makes up Huey's tables, each statement in one line."""
    rows = connection.execute(
        f"select name, sql from sqlite_master where tbl_name in {TABLES} and type in ('table', 'index')"
        " and sql is not null order by name"
    )
    return {name: " ".join(sql.split()).replace("( ", "(").replace(" )", ")") for name, sql in rows}


def test_hueys_tables_and_indices_are_those_that_huey_makes(ledger, tmp_path):
    path = str(tmp_path / "huey.db")
    storage = SqliteStorage("fileq", filename=path)
    storage.close()
    connection = sqlite3.connect(path)
    hueys = shape(connection)
    connection.close()
    assert len(hueys) == 6
    assert shape(ledger.database.connection) == hueys

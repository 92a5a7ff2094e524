"""Huey's tables are ours too: their shape must be the one that Huey's own storage would make."""

import sqlite3

from huey.storage import SqliteStorage

from tests.support.jobs import NOW

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


def test_a_queue_has_messages_left_while_one_lies_ready_in_it(ledger):
    assert not ledger.messages.has_messages("fileq")
    ledger.messages.schedule_messages("fileq", [(b"later", NOW)])
    ledger.messages.insert_messages("another", [(b"now", 0)])
    assert not ledger.messages.has_messages("fileq")
    ledger.messages.insert_messages("fileq", [(b"now", 0)])
    assert ledger.messages.has_messages("fileq")

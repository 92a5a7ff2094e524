"""Huey's tables are ours too: their shape must be the one that Huey's own storage would make."""

from uuid import uuid4

import psycopg
from huey.storage import PostgresStorage

from tests.support.ledgers import ask
from tests.support.postgres import own_schema

SHAPE = (
    "select table_name, column_name, data_type, is_nullable, replace(column_default, current_schema() || '.', '')"
    " from information_schema.columns where table_schema = current_schema() and table_name like 'huey\\_%%'"
    " union all select tablename, indexname, replace(indexdef, current_schema() || '.', ''), '', ''"
    " from pg_indexes where schemaname = current_schema() and tablename like 'huey\\_%%' order by 1, 2"
)


def test_hueys_tables_and_indices_are_those_that_huey_makes(ledger, postgres):
    with own_schema(postgres) as address:
        schema = address.rpartition("%3D")[2]
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f"create schema {schema}")
        storage = PostgresStorage("fileq", dsn=address)
        with psycopg.connect(address) as connection:
            hueys = connection.execute(SHAPE.replace("%%", "%")).fetchall()
        storage.close()
    assert len(hueys) > 10
    assert ask(ledger, SHAPE.replace("%%", "%")) == hueys


def test_who_waits_for_a_message_as_huey_does_is_woken_when_it_is_committed(ledger, database):
    name = uuid4().hex  # a channel belongs to the whole database, and so to the tests beside this one
    storage = PostgresStorage(name, dsn=database, create_tables=False, read_timeout=20)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f'listen "{storage.channel}"')
        with ledger.transaction():
            ledger.messages.insert_messages(name, [(b"{}", 0.0)])
            assert not list(connection.notifies(timeout=0.2))
        assert [notice.channel for notice in connection.notifies(timeout=20, stop_after=1)] == [storage.channel]
    assert storage.dequeue() == b"{}"
    storage.close()

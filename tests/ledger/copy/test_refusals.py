"""A ledger is not copied while it is in use, nor to where something is."""

import os
import sqlite3
from contextlib import closing

import psycopg
import pytest

from fileq.errors import LedgerError, NotFoundError, UsageError
from fileq.ledger import migrations, open_ledger
from fileq.presence import this_process
from tests.ledger.test_frozen import fill
from tests.support.jobs import enter
from tests.support.ledgers import ask
from tests.support.postgres import schema_of
from tests.support.whole_ledger import is_server

from_a_file = pytest.mark.parametrize("places", [("file", "file")], indirect=True)
to_a_server = pytest.mark.parametrize("places", [("file", "server")], indirect=True)


def test_where_a_ledger_is_it_stays(places, copy):
    old, new = places
    for address, source in ((old, "/a.jpg"), (new, "/only.jpg")):
        with open_ledger(address) as ledger:
            enter(ledger, source)
    with pytest.raises(UsageError, match="already"):
        copy(old, new)
    with open_ledger(new) as ledger:
        assert ask(ledger, "select source from jobs") == [("/only.jpg",)]


@to_a_server
def test_where_tables_of_another_program_are_they_stay(places, copy):
    old, new = places
    fill(old)
    schema = schema_of(new)
    with psycopg.connect(new, autocommit=True) as connection:
        connection.execute(f"create schema {schema}; create table {schema}.songs (title text)")
        with pytest.raises(LedgerError, match="another program"):
            copy(old, new)
        tables = "select tablename from pg_tables where schemaname = %s"
        assert connection.execute(tables, (schema,)).fetchall() == [("songs",)]


@pytest.mark.parametrize("name", ["new.db", "new.db-wal", "new.db-journal"])
@from_a_file
def test_a_file_that_is_there_stays(places, copy, tmp_path, name):
    old, new = places
    fill(old)
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match=name):
        copy(old, new)
    assert (tmp_path / name).read_text() == "mine"


@from_a_file
def test_a_file_that_comes_meanwhile_stays(places, copy, tmp_path):
    old, new = places
    fill(old)
    with pytest.raises(UsageError, match="by now"):
        copy(old, new, lambda done, total: (tmp_path / "new.db").write_text("mine"))
    assert (tmp_path / "new.db").read_text() == "mine"
    assert not list(tmp_path.glob(".*"))


@from_a_file
def test_two_that_copy_to_one_file_at_once_do_not_meet(places, copy):
    old, new = places
    fill(old)
    said: list[str] = []

    def copy_too(done, total):
        if not said:
            with pytest.raises(LedgerError) as raised:
                copy(old, new)
            said.append(str(raised.value))

    copy(old, new, copy_too)
    assert "Another process is copying" in said[0]


def test_where_no_ledger_is_none_is_made(places, copy):
    old, new = places
    for _ in range(2):
        with pytest.raises(NotFoundError):
            copy(old, new)
    assert is_server(old) or not os.path.exists(old)


@pytest.mark.parametrize("who", ["worker", "watcher"])
def test_one_that_is_in_use_is_not_copied(places, copy, stop_all, who):
    old, new = places
    with open_ledger(old) as ledger:
        if who == "worker":
            ledger.workers.register_worker(this_process(), "fileq", 2, ledger.now())
        else:
            ledger.watches.upsert_watch("/photos", this_process(), ledger.now())
    with pytest.raises(LedgerError, match=f"in use by workers or watchers: process {os.getpid()} "):
        copy(old, new)
    stop_all(old)
    assert copy(old, new).unfinished == 0


def test_a_worker_that_begins_meanwhile_leaves_no_copy(places, copy, stop_all):
    old, new = places
    fill(old)

    def begin_work(done, total):
        with open_ledger(old) as ledger:
            ledger.workers.register_worker(this_process(), "fileq", 2, ledger.now())

    with pytest.raises(LedgerError, match="in use"):
        copy(old, new, begin_work)
    stop_all(old)
    copy(old, new)


def test_one_of_another_schema_is_not_copied_and_not_changed(places, copy):
    old, new = places
    fill(old)
    for version, what in ((migrations.SCHEMA_VERSION - 1, "older"), (migrations.SCHEMA_VERSION + 1, "newer")):
        if is_server(old):
            with psycopg.connect(old) as connection:
                connection.execute("update meta set value = %s where key = 'schema'", (str(version),))
        else:
            with closing(sqlite3.connect(old)) as connection:
                connection.execute(f"pragma user_version = {version}")
        with pytest.raises(LedgerError, match=f"made by an? {what} fileq"):
            copy(old, new)


@from_a_file
def test_what_is_no_ledger_is_not_copied(places, copy, tmp_path):
    old, new = places
    with open(old, "w") as file:
        file.write("Milk, bread, a birthday card. " * 50)
    with pytest.raises(LedgerError, match="no database at all"):
        copy(old, new)
    os.remove(old)
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("create table songs (title text)")
    with pytest.raises(LedgerError, match="another program"):
        copy(old, new)
    assert [path.name for path in tmp_path.iterdir()] == ["old.db"]

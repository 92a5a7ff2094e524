"""What is wrong with a server, or with the way to it, is said in one sentence with what to do, and never a password."""

from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from fileq.errors import LedgerError
from fileq.ledger import Ledger, open_ledger
from fileq.ledger.database.postgres import schema
from tests.support.jobs import enter
from tests.support.ledgers import ask
from tests.support.postgres import own_server


@pytest.fixture(scope="module")
def server():
    """One with a database and a user that may make a schema in it."""
    with own_server() as server:
        server.execute("create role app login", "create database app", "grant create on database app to app")
        yield server


@pytest.fixture
def app(server):
    """The address of a ledger that is there."""
    address = server.address_of("app", "app")
    with open_ledger(address):
        pass
    yield address
    server.execute("alter role app reset all", "alter role app connection limit -1")


def refusal(address):
    with pytest.raises(LedgerError) as raised:
        Ledger(address, patience=1.0)
    assert raised.value.hint
    assert "hush" not in str(raised.value)
    assert "\n" not in str(raised.value)
    assert ".." not in raised.value.message
    return str(raised.value)


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("postgresql://me:hush@127.0.0.1:1/none", "can't be reached: "),
        ("postgresql://me:hush@nowhere.invalid/none", "failed to resolve host 'nowhere.invalid'"),
        ("postgresql://me@/none?host=/no/where&password=hush", "can't be reached: "),
        ("postgresql://me:hush@host/none?nonsense=1", "address postgresql://me@host/none?nonsense=1 can't be read"),
        ("postgresql://me:hu%sh@host/none", "can't be read"),
    ],
)
def test_a_server_that_is_not_there_and_an_address_of_none_are_said(address, what):
    assert what in refusal(address)


def test_a_user_that_is_not_there_is_not_let_in(server):
    assert "does not let this user in" in refusal(server.address_of("app", "nobody"))


def test_a_wrong_password_and_none_are_said_and_the_right_one_counts(server, monkeypatch):
    rules = Path(server.folder, "pg_hba.conf")
    usual = rules.read_text()
    server.execute("create role guarded login password 'right'", "create database guarded owner guarded")
    rules.write_text(f"local all guarded scram-sha-256\n{usual}")
    server.execute("select pg_reload_conf()")
    address = server.address_of("guarded", "guarded")
    try:
        assert "PGPASSWORD" in refusal(address)
        assert "does not let this user in" in refusal(address.replace("guarded@", "guarded:hush@"))
        monkeypatch.setenv("PGPASSWORD", "hush")
        assert "does not let this user in" in refusal(address)
        monkeypatch.setenv("PGPASSWORD", "right")
        Ledger(address).close()
    finally:
        rules.write_text(usual)
        server.execute("select pg_reload_conf()")


def test_a_database_that_is_not_there_is_said(server):
    assert "is not there. Make it with createdb" in refusal(server.address_of("nothing"))


def test_one_that_a_user_may_make_no_schema_in_is_said(server):
    server.execute("create database closed", "create role guest login")
    assert "Give the user the right to create a schema" in refusal(server.address_of("closed", "guest"))


def test_a_ledger_that_a_user_may_not_touch_is_said(server, app):
    server.execute("create role stranger login")
    assert "can't be written by this user" in refusal(server.address_of("app", "stranger"))


def test_one_that_is_not_in_utf_8_is_said(server):
    server.execute("create database latin encoding 'LATIN1' template template0 locale 'C'")
    assert "is not in UTF-8" in refusal(server.address_of("latin"))


def test_one_that_has_tables_of_the_same_names_is_another_programs(server):
    server.execute("create database songs")
    tables = ("create schema fileq", "create table fileq.meta (title text)", "create table fileq.jobs (title text)")
    server.execute(*tables, database="songs")
    assert "tables of another program" in refusal(server.address_of("songs"))


def test_a_server_that_is_too_old_is_said(app, monkeypatch):
    monkeypatch.setattr(schema, "_OLDEST", 99_00_00)
    assert "needs PostgreSQL 99 or newer" in refusal(app)


@pytest.mark.parametrize("setting", ["default_transaction_isolation = 'serializable'", "client_encoding = 'LATIN1'"])
def test_what_a_user_has_set_changes_no_ledger(server, app, setting):
    server.execute(f"alter role app set {setting}")
    with open_ledger(app) as ledger:
        (job,) = enter(ledger, f"/café\udce9/{setting}")
    with psycopg.connect(server.address_of("app"), autocommit=True) as connection:
        assert connection.execute("select source like '/café%%' from fileq.jobs where id = %s", (job,)).fetchone() == (
            True,
        )


def test_a_database_that_can_only_be_read_is_said_and_read(server, app):
    server.execute("alter role app set default_transaction_read_only = on")
    with open_ledger(app) as ledger:
        assert ledger.overview.tally_jobs() is not None
        with pytest.raises(LedgerError, match="can only be read"):
            enter(ledger, "/more.jpg")
    server.execute("create database empty owner app")
    assert "can only be read" in refusal(server.address_of("empty", "app"))


def test_a_standby_is_said_and_read(server, app):
    mark = Path(server.folder, "standby.signal")
    mark.touch()
    try:
        server.set()
        with open_ledger(app) as ledger, pytest.raises(LedgerError, match="Name the primary server"):
            enter(ledger, "/more.jpg")
    finally:
        mark.unlink()
        server.set()
    with open_ledger(app) as ledger:
        assert enter(ledger, "/more.jpg")


def test_a_statement_that_the_server_cuts_off_is_said_and_leaves_nothing(server, app):
    server.execute("alter role app set statement_timeout = '300ms'")
    with open_ledger(app) as ledger:
        before = ask(ledger, "select count(*) from jobs")
        with pytest.raises(LedgerError, match="statement_timeout"):
            enter_slowly(ledger)
        assert ask(ledger, "select count(*) from jobs") == before


def enter_slowly(ledger):
    with ledger.database.transaction() as connection:
        enter(ledger, "/slow.jpg")
        connection.execute("select pg_sleep(5)")


def take_all(address, held):
    while True:
        held.enter_context(psycopg.connect(address))


def test_connections_that_are_used_up_are_said(server, app):
    server.execute("alter role app connection limit 1")
    with psycopg.connect(app):
        assert "takes no more connections" in refusal(app)
    server.execute("alter role app connection limit -1")
    server.set(max_connections=8)
    try:
        with ExitStack() as held:
            with pytest.raises(psycopg.OperationalError):
                take_all(app, held)
            assert "Raise max_connections" in refusal(app)
    finally:
        server.set(max_connections=None)

"""A ledger in PostgreSQL: who opens it first makes it, who may not hears why, and transactions exclude each other."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from uuid import uuid4

import psycopg
import pytest

from fileq.errors import DatabaseReplaced, LedgerError
from fileq.ledger import Ledger, open_ledger
from fileq.ledger.database import postgres as postgres_module
from fileq.ledger.migrations import SCHEMA_VERSION
from tests.support.jobs import NOW, claim_one, enter
from tests.support.ledgers import ask


def refused(address):
    with pytest.raises(LedgerError) as raised:
        Ledger(address, patience=0.5)
    assert raised.value.hint
    return raised.value.message


def test_those_that_come_at_once_make_one_ledger(database):
    with ThreadPoolExecutor(8) as pool:
        ledgers = list(pool.map(lambda _: Ledger(database), range(8)))
    assert len({ledger.secret for ledger in ledgers}) == 1
    for ledger in ledgers:
        ledger.close()


def test_it_lives_beside_the_tables_of_an_application(postgres, database):
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("create table if not exists public.jobs (song text)")
        with open_ledger(database) as ledger:
            assert enter(ledger) == [1]
        assert connection.execute("select count(*) from public.jobs").fetchone() == (0,)
        connection.execute("drop table public.jobs")


def test_a_schema_with_tables_of_another_program_is_refused_and_stays_as_it_is(postgres, database):
    schema = database.rpartition("%3D")[2]
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"create schema {schema}; create table {schema}.meta (key text, value text)")
        assert "another program" in refused(database)
        tables = "select count(*) from pg_tables where schemaname = %s"
        assert connection.execute(tables, (schema,)).fetchone() == (1,)


def test_one_of_a_newer_fileq_is_refused_and_left_while_it_is_in_use(database):
    with closing(Ledger(database)) as ledger:
        ask(ledger, "update meta set value = ? where key = 'schema'", str(SCHEMA_VERSION + 1))
        assert "newer fileq" in refused(database)
        with pytest.raises(DatabaseReplaced, match="newer fileq"):
            ledger.database.check_identity()


def test_one_that_was_made_anew_is_another(ledger):
    ledger.database.check_identity()
    ask(ledger, "update meta set value = 'another' where key = 'secret'")
    with pytest.raises(DatabaseReplaced, match="another one"):
        ledger.database.check_identity()


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("postgresql://postgres@127.0.0.1:1/none", "can't be reached"),
        ("postgresql://postgres:hush@127.0.0.1:1/none?connect_timeout=2", "can't be reached"),
    ],
)
def test_a_server_that_is_not_there_is_said_without_the_password(address, what):
    said = refused(address)
    assert what in said
    assert "hush" not in said


def test_a_database_that_is_not_there_is_said(postgres):
    place, mark, options = postgres.partition("?")
    assert "is not there" in refused(f"{place.rpartition('/')[0]}/no_such_database{mark}{options}")


@pytest.fixture
def hasty(monkeypatch):
    """Ledgers whose transactions are ended when they do nothing for half a second."""
    monkeypatch.setattr(postgres_module, "_LONGEST_PAUSE", 0.5)


def test_who_waits_too_long_for_anothers_transaction_is_told(hasty, ledger, database):
    asleep = threading.Event()

    def work():
        with closing(Ledger(database)) as other, other.database.transaction() as connection:
            asleep.set()
            connection.execute("select pg_sleep(3)")

    thread = threading.Thread(target=work)
    thread.start()
    assert asleep.wait(10)
    with pytest.raises(LedgerError, match="locked"):
        enter(ledger)
    thread.join()
    assert enter(ledger) == [1]


def test_a_transaction_that_goes_wrong_leaves_nothing(ledger):
    with suppress(ZeroDivisionError), ledger.transaction():
        enter(ledger)
        raise ZeroDivisionError
    assert ask(ledger, "select count(*) from jobs") == [(0,)]


def test_a_job_is_claimed_once_however_many_want_it(database, ledger):
    jobs = enter(ledger, *map(str, range(40)))
    barrier = threading.Barrier(4)

    def claim(worker):
        with closing(Ledger(database, patience=30.0)) as own:
            barrier.wait()
            return [job for job in jobs if claim_one(own, job, worker, NOW) is not None]

    with ThreadPoolExecutor(4) as pool:
        claimed = [job for mine in pool.map(claim, range(4)) for job in mine]
    assert sorted(claimed) == sorted(jobs)
    assert ask(ledger, "select state, jobs from tallies where jobs <> 0") == [("running", 40)]


def test_a_transaction_that_does_nothing_for_long_is_ended_and_keeps_nobody_waiting(hasty, ledger, database):
    def pause(frozen):
        with frozen.transaction():
            enter(frozen, "/b.jpg")
            with closing(Ledger(database, patience=30.0)) as other:
                assert enter(other, "/another.jpg") == [1]
            enter(frozen, "/c.jpg")

    with closing(Ledger(database)) as frozen:
        with pytest.raises(LedgerError, match="taken back"):
            pause(frozen)
        assert ask(ledger, "select source from jobs") == [("/another.jpg",)]
        assert enter(frozen, "/b.jpg") == [2]


def test_connections_that_the_server_ends_are_made_anew(database, postgres):
    end_ours = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = %s"
    name = uuid4().hex  # others use the server, too
    with closing(Ledger(f"{database}&application_name={name}")) as ledger:
        (job,) = enter(ledger)
        with psycopg.connect(postgres, autocommit=True) as connection:
            ended = connection.execute(end_ours, (name,)).fetchone()
        assert ended is not None
        assert ended[0] > 0
        assert ledger.jobs.cancel_jobs([job], NOW) == [job]
        assert ask(ledger, "select state from jobs") == [("cancelled",)]

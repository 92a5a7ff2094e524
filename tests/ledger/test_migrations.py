"""A later schema: one step, of one text, brings a ledger to it in each database, once, and whole or not at all."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from unittest.mock import patch

import pytest

from fileq.errors import DatabaseReplaced, LedgerError
from fileq.ledger import Ledger, migrations, open_ledger
from tests.support.jobs import enter
from tests.support.ledgers import ask

STEP = """
-- Hosts have names for folders.
alter table workers add column room text not null default 'hall'; -- as a host calls it
alter table workers add column floor integer check (typeof(floor) <> 'text');
create table shelves (
    id integer primary key,
    path any not null unique check (typeof(path) <> 'integer' and typeof(path) <> 'real'),
    height real not null
) strict;
create index shelves_high on shelves (height) where height > 2;
insert into shelves (path, height) select source, cast(5.7 as integer) from jobs;
"""


@pytest.fixture
def newer_fileq(tmp_path):
    """What gives a block a fileq whose schema is the next one, by a step of this text, and what each database needs."""

    @contextmanager
    def know_step(shared, **own):
        version = migrations.SCHEMA_VERSION + 1
        (tmp_path / f"to_{version}.sql").write_text(shared)
        for name, script in own.items():
            (tmp_path / f"to_{version}.{name}.sql").write_text(script)
        with patch.multiple(migrations, FOLDER=tmp_path, SCHEMA_VERSION=version):
            yield

    return know_step


def test_eight_that_open_an_older_ledger_at_once_bring_it_to_the_next_schema_once(database, newer_fileq):
    with open_ledger(database) as ledger:
        enter(ledger, "/a.jpg", "/caf\udce9.jpg")
        older = ask(ledger, "select key, value from meta where key <> 'schema' order by key")
    own = {name: f"insert into shelves values (70, '{name}', 3);" for name in ("sqlite", "postgres")}
    with newer_fileq(STEP, **own), ThreadPoolExecutor(8) as pool:
        ledgers = list(pool.map(lambda _: Ledger(database, patience=30.0), range(8)))
        for one in ledgers[1:]:
            one.database.check_identity()
            one.close()
        with closing(ledgers[0]) as ledger:
            assert ask(ledger, "select height from shelves order by height") == [(3.0,), (5.0,), (5.0,)]
            ask(ledger, "insert into workers (host, pid, process_started, queue, slots, started_at, heartbeat_at)"
                " values ('host', 1, '', '', 1, 1, 1)")  # fmt: skip
            assert ask(ledger, "select room, floor from workers") == [("hall", None)]
            assert ask(ledger, "select key, value from meta where key <> 'schema' order by key") == older
            assert enter(ledger, "/b.jpg") == [3]


def test_one_that_is_in_use_is_left_by_who_does_not_know_the_next_schema(database, newer_fileq):
    with closing(Ledger(database)) as older:
        with newer_fileq(STEP):
            Ledger(database).close()
        with pytest.raises(DatabaseReplaced, match="newer fileq"):
            older.database.check_identity()
        with pytest.raises(LedgerError, match="made by a newer fileq"):
            Ledger(database)


def test_it_waits_for_the_transaction_of_who_has_the_older_one_in_use(database, newer_fileq):
    with closing(Ledger(database)) as older, ThreadPoolExecutor(1) as pool, newer_fileq(STEP):
        with older.transaction():
            opening = pool.submit(Ledger, database, patience=30.0)
            while not opening.running():
                pass
            enter(older, "/a.jpg")
        with closing(opening.result()) as ledger:
            assert ask(ledger, "select height from shelves") == [(5.0,)]


def test_a_step_that_fails_leaves_the_older_schema_whole(database, newer_fileq):
    with open_ledger(database) as ledger:
        enter(ledger, "/a.jpg")
    broken = STEP + "insert into no_such_table values (1);"
    with newer_fileq(broken), pytest.raises(Exception, match="no_such_table"):
        Ledger(database)
    with open_ledger(database) as ledger:
        ledger.database.check_identity()
        assert enter(ledger, "/b.jpg") == [2]
        for column, table in (("room", "workers"), ("path", "shelves")):
            with pytest.raises(Exception, match=f"(?i){column}|{table}"):
                ask(ledger, f"select {column} from {table}")
    with newer_fileq(STEP), open_ledger(database) as ledger:
        assert ask(ledger, "select count(*) from shelves") == [(2,)]

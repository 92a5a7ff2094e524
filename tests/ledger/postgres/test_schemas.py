"""The schema that an address names is the one that is used, whatever its name, and whoever comes."""

from contextlib import closing
from urllib.parse import quote

import psycopg
import pytest

from fileq.errors import LedgerError
from fileq.ledger import Ledger
from tests.support.jobs import enter
from tests.support.postgres import own_server

NAMES = {
    "lower": "lower",
    "Upper": "upper",
    '"Upper"': "Upper",
    '"a,b"': "a,b",
    '"q""uote"': 'q"uote',
    "fresh, public": "fresh",
    '"$user", public': "postgres",
    "é" * 40: "é" * 31,
}


@pytest.fixture(scope="module")
def server():
    with own_server() as server:
        server.execute("create table public.jobs (of_another_program integer)")
        yield server


def address_of(server, path, user="postgres"):
    escaped = path.replace("\\", "\\\\").replace(" ", "\\ ")
    return f"{server.address_of('postgres', user)}&options={quote(f'-csearch_path={escaped}')}"


@pytest.mark.parametrize("path", NAMES)
def test_a_ledger_is_made_and_found_again_in_the_schema_that_is_named_first(server, path):
    address = address_of(server, path)
    for _ in range(2):
        with closing(Ledger(address)) as ledger:
            enter(ledger, "/photos/a.jpg")
            assert ledger.overview.tally_jobs().unfinished == 1
    with psycopg.connect(server.address, autocommit=True) as connection:
        made = connection.execute("select count(*) from pg_tables where schemaname = %s", (NAMES[path],)).fetchone()
    assert made is not None
    assert made[0] > 10


@pytest.mark.parametrize("path", ["pg_mine", '""'])
def test_a_schema_that_can_not_be_made_is_told_of(server, path):
    with pytest.raises(LedgerError, match="leads to no schema that this user may use or make"):
        Ledger(address_of(server, path))


def test_who_may_not_use_the_schema_that_is_there_is_told_so(server):
    Ledger(server.address_of("postgres")).close()
    server.execute("create role guest login", "grant create on database postgres to guest")
    with pytest.raises(LedgerError, match="leads to no schema that this user may use or make"):
        Ledger(server.address_of("postgres", "guest"))

"""A ledger that is copied is the same in its new place, there whole or not at all, and as it was in the old one."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fileq.errors import LedgerError
from fileq.ledger import Ledger, open_ledger
from fileq.ledger.copy import sqlite
from fileq.ledger.database.postgres import copy as postgres_copy
from fileq.roots import use_roots
from tests.support.jobs import begin, enter
from tests.support.ledgers import ask
from tests.support.postgres import describe_schema, own_schema
from tests.support.whole_ledger import contents, fill_whole, is_server

COPY_AND_DIE = """
import os, signal, sys
from fileq.ledger.copy import copy_ledger
left = int(sys.argv[3])
def strike(done, total):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
copy_ledger(sys.argv[1], sys.argv[2], heartbeat=5.0, report=strike)
"""


def test_a_copy_is_the_same_in_every_row(places, copy):
    old, new = places
    fill_whole(old)
    seen = []
    result = copy(old, new, lambda done, total: seen.append((done, total)))
    assert all(result.rows.values()), "something of each table is to be copied"
    assert contents(new) == contents(old)
    assert (seen[-1][0], len({total for _, total in seen})) == (seen[-1][1], 1)
    assert (result.unfinished, result.is_paused, result.source_changed) == (6, True, False)


def test_paths_are_copied_as_they_stand_there_whatever_roots_this_host_has(places, copy):
    old, new = places
    fill_whole(old)
    use_roots({"nas": "/photos"})
    try:
        copy(old, new)
    finally:
        use_roots({})
    assert contents(new) == contents(old)


def test_ids_and_sums_go_on_in_a_copy_as_they_would_have(places, copy):
    old, new = places
    fill_whole(old)
    copy(old, new)
    with open_ledger(new) as ledger, open_ledger(old) as before:
        for one in (ledger, before):
            one.batches.set_paused(paused=False)
        assert (ledger.name, ledger.secret) == (before.name, before.secret)
        for source in ("/photos/new.jpg", "/photos/newer.jpg"):
            assert enter(ledger, source) == enter(before, source)
        ((last,),) = ask(ledger, "select max(id) from task")
        ledger.messages.insert_messages("fileq", [(b"{}", 0)])
        assert ask(ledger, "select max(id) from task") == [(last + 1,)]
        token = begin(ledger, enter(ledger, "/photos/newest.jpg")[0])
        ledger.outputs.reserve_path("/photos/web/newest.jpg", token.job_id, "/photos/web/tmp")
        assert ledger.outputs.find_reserved_paths(token.job_id)
        tallied = ask(ledger, "select state, sum(jobs) from tallies group by state order by state")
        assert [row for row in tallied if row[1]] == ask(
            ledger, "select state, count(*) from jobs group by state order by state"
        )


def test_a_copy_has_the_schema_of_a_new_ledger(places, copy, request, tmp_path):
    old, new = places
    fill_whole(old)
    copy(old, new)
    if is_server(new):
        with own_schema(request.getfixturevalue("postgres")) as fresh:
            Ledger(fresh).close()
            assert describe_schema(new) == describe_schema(fresh)
        return
    fresh = str(tmp_path / "fresh.db")
    Ledger(fresh).close()
    assert header(new) == header(fresh)
    assert os.stat(new).st_mode == os.stat(fresh).st_mode


def header(path):
    with closing(sqlite3.connect(path)) as connection:
        settings = ("application_id", "user_version", "auto_vacuum", "page_size", "integrity_check")
        return [connection.execute(f"pragma {name}").fetchone() for name in settings] + sorted(
            connection.execute("select type, name, sql from sqlite_master")
        )


def test_what_was_copied_is_left_as_it_was(places, copy):
    old, new = places
    fill_whole(old)
    rows = contents(old)
    files = files_of(old)
    copy(old, new)
    assert files_of(old) == files
    assert contents(old) == rows


def files_of(address):
    return {} if is_server(address) else {path: path.read_bytes() for path in Path(address).parent.glob("old.db*")}


def test_what_is_queued_meanwhile_is_not_in_the_copy_and_that_is_said(places, copy):
    old, new = places
    fill_whole(old)
    late: list[int] = []

    def queue(done, total):
        if not late:
            with open_ledger(old) as ledger:
                late.extend(enter(ledger, "/late.jpg"))

    result = copy(old, new, queue)
    assert result.source_changed
    with open_ledger(new) as ledger:
        assert ledger.overview.find_job(late[0]) is None
        assert result.rows["jobs"] == len(ask(ledger, "select 1 from jobs"))


def test_a_copy_that_differs_is_not_kept(places, copy, monkeypatch):
    old, new = places
    fill_whole(old)
    for target in (sqlite.SqliteTarget, postgres_copy.PostgresTarget):
        monkeypatch.setattr(target, "write_rows", losing_a_row(target.write_rows))
    with pytest.raises(LedgerError, match="The copy of the table outputs differs: 1 rows for 2"):
        copy(old, new)
    monkeypatch.undo()
    copy(old, new)


def losing_a_row(write_rows):
    def write(self, table, batches):
        write_rows(self, table, ([row for row in rows if table.name != "outputs" or row[0] != 1] for rows in batches))

    return write


def test_one_that_is_killed_amid_it_leaves_no_ledger(places, copy):
    old, new = places
    fill_whole(old)
    for strike in (1, 9, 20, 30, 40):
        command = [sys.executable, "-c", COPY_AND_DIE, old, new, str(strike)]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
        assert is_server(new) or not os.path.exists(new)
    copy(old, new)
    assert contents(new) == contents(old)
    assert is_server(new) or sorted(path.name for path in Path(new).parent.glob(".*")) == []


def test_what_is_no_utf_8_in_a_file_keeps_no_ledger_from_being_copied(places, copy):
    old, new = places
    fill_whole(old)
    if not is_server(old):
        with closing(sqlite3.connect(old)) as connection, connection:
            connection.execute(
                "update jobs set note = cast(x'ff41' as text), source = cast(x'2fe9' as text) where id = 1"
            )
            connection.execute("update jobs set error_message = 'a' || char(0) || 'b' where id = 2")
    copy(old, new)
    with open_ledger(new) as ledger:
        job = ledger.overview.find_job(1)
        assert job is not None
        assert is_server(old) or job.source == "/\udce9"

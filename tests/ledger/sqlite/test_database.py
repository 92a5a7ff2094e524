import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from fileq.errors import LedgerError
from fileq.ledger import Ledger, open_ledger
from fileq.ledger.database.sqlite import SqliteDatabase
from fileq.ledger.queries.overview import JobSelection
from tests.support.jobs import NOW, enter


def files_of(path):
    """The bytes of a database and of what SQLite keeps beside it."""
    return {name: Path(path + name).read_bytes() for name in ("", "-wal", "-journal") if os.path.exists(path + name)}


def refused(path):
    with pytest.raises(LedgerError) as raised:
        Ledger(path, patience=0.1)
    assert raised.value.hint
    return raised.value.message


def test_a_new_database_is_readable_by_its_owner_alone(database, ledger):
    enter(ledger)
    folder = os.path.dirname(database)
    modes = {name: stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) for name in os.listdir(folder)}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700


def test_every_ledger_has_a_name_of_its_own_that_it_keeps(tmp_path):
    with open_ledger(str(tmp_path / "one.db")) as one, open_ledger(str(tmp_path / "two.db")) as two:
        names = one.name, two.name
    with open_ledger(str(tmp_path / "one.db")) as again:
        assert (again.name, again.name != names[1]) == (names[0], True)


def test_an_empty_file_becomes_a_ledger(tmp_path):
    path = tmp_path / "empty.db"
    path.touch()
    with open_ledger(str(path)) as ledger:
        assert ledger.overview.tally_jobs().total == 0


def test_a_file_that_is_no_database_is_refused_and_stays_as_it_is(tmp_path):
    path = str(tmp_path / "notes.txt")
    with open(path, "w") as file:
        file.write("Milk, bread, a birthday card. " * 50)
    before = files_of(path)
    assert "no database at all" in refused(path)
    assert files_of(path) == before


@pytest.mark.parametrize("table", ["songs", "meta"])
def test_a_database_of_another_program_is_refused_and_stays_as_it_is(tmp_path, table):
    path = str(tmp_path / "music.db")
    connection = sqlite3.connect(path)
    connection.execute(f"create table {table} (key text, value text)")
    connection.commit()
    connection.close()
    before = files_of(path)
    assert "another program" in refused(path)
    assert files_of(path) == before


def test_the_database_of_a_newer_fileq_is_refused_and_stays_as_it_is(database):
    with open_ledger(database) as ledger, ledger.database.transaction() as connection:
        connection.execute("pragma user_version = 999")
    before = files_of(database)
    assert "newer fileq (schema 999" in refused(database)
    assert files_of(database) == before


def test_a_sqlite_that_knows_no_strict_tables_is_refused_and_named(database, monkeypatch):
    with open_ledger(database):
        pass
    before = files_of(database)
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    assert "needs SQLite 3.37 or newer" in refused(database)
    assert files_of(database) == before


def test_a_refused_database_is_let_go(tmp_path):
    path = str(tmp_path / "music.db")
    with sqlite3.connect(path) as connection:
        connection.execute("create table songs (title)")
    connection.close()
    refused(path)
    handles = "/proc/self/fd"
    assert path not in [os.path.realpath(os.path.join(handles, handle)) for handle in os.listdir(handles)]


def test_a_folder_is_no_database(tmp_path):
    assert "can't be opened" in refused(str(tmp_path))


def test_a_database_below_a_file_can_not_be_made(tmp_path):
    (tmp_path / "file").touch()
    assert "can't be made" in refused(str(tmp_path / "file" / "fileq.db"))


def test_a_damaged_database_is_told_as_such(database):
    with open_ledger(database) as ledger:
        enter(ledger, *map(str, range(500)))
    with open(database, "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (os.path.getsize(database) - 4096))
    with pytest.raises(LedgerError, match="damaged"), open_ledger(database) as ledger:
        list(ledger.overview.list_jobs(JobSelection()))


def test_a_database_that_another_program_holds_is_told_to_be_locked(database, ledger):
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("begin immediate")
    try:
        with pytest.raises(LedgerError, match="locked by another program"):
            enter(ledger)
    finally:
        other.execute("rollback")
        other.close()
    assert enter(ledger) == [1]


def test_who_waits_for_a_lock_for_long_can_be_told_to_hurry(database):
    with closing(Ledger(database, patience=600.0)) as ledger, SqliteDatabase(database).transaction():
        timer = threading.Timer(0.2, ledger.database.limit_patience, [0.5])
        timer.start()
        with pytest.raises(LedgerError, match="locked"):
            ledger.workers.unregister_worker(1)
        timer.join()


def test_a_transaction_waits_for_anothers_as_long_as_it_has_patience(database, ledger):
    with closing(sqlite3.connect(database, isolation_level=None, check_same_thread=False)) as other:
        other.execute("begin immediate")
        ledger.database._patience = 600.0
        timer = threading.Timer(2.5, other.execute, ["commit"])  # longer than SQLite itself waits
        timer.start()
        ledger.workers.unregister_worker(1)
        timer.join()


def test_a_locked_database_can_still_be_looked_at(database, ledger):
    enter(ledger)
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("begin immediate")
    with open_ledger(database) as looking:
        assert looking.overview.tally_jobs().total == 1
    other.close()


CREATE = """
import sys
from fileq.ledger import open_ledger
sys.stdin.readline()
with open_ledger(sys.argv[1]) as ledger:
    print(ledger.name)
"""


def test_four_processes_that_make_the_same_database_at_once_make_one(database):
    makers = [
        subprocess.Popen([sys.executable, "-c", CREATE, database], stdin=-1, stdout=-1, stderr=-1, text=True)
        for _ in range(4)
    ]
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.write("\n")
        maker.stdin.flush()
    said = [maker.communicate() for maker in makers]
    assert [error for _, error in said] == [""] * 4
    assert len({name for name, _ in said}) == 1


def test_a_block_that_fails_leaves_nothing(ledger):
    with suppress(ZeroDivisionError), ledger.transaction():
        enter(ledger)
        raise ZeroDivisionError
    assert ledger.overview.tally_jobs().total == 0
    assert enter(ledger) == [1]


def test_a_transaction_in_a_transaction_is_a_part_of_it(ledger):
    with suppress(ZeroDivisionError), ledger.transaction():
        with ledger.transaction(durable=True):
            enter(ledger)
        raise ZeroDivisionError
    assert ledger.overview.tally_jobs().total == 0


def test_others_see_nothing_of_a_transaction_until_it_ends(database, ledger):
    with open_ledger(database) as other:
        with ledger.transaction():
            enter(ledger)
            assert other.overview.tally_jobs().total == 0
        assert other.overview.tally_jobs().total == 1


@contextmanager
def nobody():
    """A block in which we may do what everybody may: tests are often run by root, who may do everything."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("file", "folder", "complaint"),
    [
        (0o444, 0o555, "can't be written"),
        (0o444, 0o777, "can't be written"),
        (0o000, 0o777, "can't be opened"),
        (0o644, 0o000, "can't be made: Permission denied"),
    ],
)
def test_a_database_that_may_not_be_written_is_refused_and_stays_as_it_is(file, folder, complaint):
    with TemporaryDirectory() as place:
        path = os.path.join(place, "fileq.db")
        with open_ledger(path):
            pass
        before = Path(path).read_bytes()
        os.chmod(path, file)
        os.chmod(place, folder)
        with nobody(), pytest.raises(LedgerError) as raised, open_ledger(path) as ledger:
            enter(ledger)
        os.chmod(place, 0o700)
        os.chmod(path, 0o600)
        assert complaint in raised.value.message
        assert Path(path).read_bytes() == before


def test_only_a_durable_transaction_waits_for_the_disk(ledger):
    def synchronous():
        return ledger.database.connection.execute("pragma synchronous").fetchone()[0]

    with ledger.transaction(durable=True):
        assert synchronous() == 2
    with ledger.transaction():
        assert synchronous() == 1


def test_threads_take_turns(ledger):
    def enter_some(name):
        for number in range(50):
            with ledger.transaction():
                enter(ledger, f"/{name}/{number}-a")
                enter(ledger, f"/{name}/{number}-b")

    threads = [threading.Thread(target=enter_some, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.overview.tally_jobs().total == 400


def test_a_mistake_in_our_own_sql_is_not_blamed_on_the_database(ledger):
    with pytest.raises(sqlite3.IntegrityError), ledger.transaction() as connection:
        connection.execute("insert into batches (queue, added_at) values (null, ?)", (NOW,))


def test_a_ledger_that_was_closed_says_so_in_its_own_words(database):
    closed = SqliteDatabase(database)
    closed.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"), closed.reading() as connection:
        connection.execute("select 1")


def test_who_reads_and_who_writes_do_not_wait_for_each_other(ledger, database):
    with open_ledger(database) as reader, reader.database.reading() as connection:
        rows = connection.execute("select name from sqlite_master")
        assert rows.fetchone()
        enter(ledger)
        assert rows.fetchall()


def test_a_database_that_can_not_grow_says_so(ledger):
    (pages,) = ledger.database.connection.execute("pragma page_count").fetchone()
    ledger.database.connection.execute(f"pragma max_page_count = {pages}")
    with pytest.raises(LedgerError, match="can't grow: the disk is full"):
        enter(ledger, *(f"/photos/{number}.jpg" for number in range(2000)))

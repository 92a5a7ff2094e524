import random
import sqlite3
import threading
from contextlib import closing, nullcontext

from fileq.errors import LedgerError
from fileq.health.check import CheckState
from fileq.ledger import Ledger
from tests.support.jobs import NOW, begin, enter, finish

DAY = 86400


def overwrite(path, ledger):
    """Make rubbish of one page of the file: of the index of jobs by batch, which no other check uses."""
    (page,) = ledger.database.connection.execute(
        "select rootpage from sqlite_master where name = 'jobs_by_batch'"
    ).fetchone()
    ledger.database.connection.execute("pragma wal_checkpoint(truncate)")
    with open(path, "r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)


def test_a_whole_database_is_told_with_its_size(checked):
    found = checked.run_check("database", thorough=True)
    assert found.state is CheckState.OK
    assert checked.ledger.database.path in found.message
    assert "KB" in found.message


def test_free_pages_are_told(checked):
    enter(checked.ledger, *(f"/photos/{'x' * 200}/{number}" for number in range(500)))
    connection = checked.ledger.database.connection
    connection.execute("delete from jobs")
    assert "% of it free" in checked.run_check("database").message


def test_a_damaged_page_is_found(checked, database):
    enter(checked.ledger)
    overwrite(database, checked.ledger)
    with closing(Ledger(database)) as checked.ledger:
        found = checked.run_check("database", thorough=True)
    assert found.state is CheckState.BAD
    assert "is damaged" in found.message
    assert "put a copy of it back" in found.remedy


def test_every_page_is_looked_at_once_a_day_and_again_while_it_is_damaged(checked, database):
    assert checked.run_check("database").state is CheckState.OK
    overwrite(database, checked.ledger)
    with closing(Ledger(database)) as checked.ledger:
        assert checked.run_check("database", NOW + DAY - 1).state is CheckState.OK
        assert checked.run_check("database", NOW + DAY).state is CheckState.BAD
        assert checked.run_check("database", NOW + DAY + 300).state is CheckState.BAD


def test_a_thorough_look_leaves_nothing_in_the_ledger(checked):
    checked.run_check("database", thorough=True)
    assert checked.ledger.checks.find_last_intact() is None
    assert checked.ledger.checks.list_records() == {}


def test_nobody_waits_for_the_look_at_every_page(checked, database):
    """Whoever has the ledger's own connection meanwhile."""
    with checked.ledger.transaction():
        other = threading.Thread(target=checked.ledger.database.find_damage)
        other.start()
        other.join(60)
        assert not other.is_alive()


def test_a_lock_that_stays_is_bad(checked, database):
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("begin immediate")
        found = checked.run_check("database")
        assert found.state is CheckState.BAD
        assert "locked by another program" in found.message
    assert checked.run_check("database").state is CheckState.OK


def rubbish(content, chance):
    """The same with some of its pages, or some bytes of a page, overwritten."""
    content = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5])):
        length = chance.choice([96, 4096])
        start = chance.randrange(len(content) // 4096) * 4096 + chance.randrange(4097 - length)
        content[start : start + length] = chance.choice([bytes(length), chance.randbytes(length)])
    return content


def test_whatever_is_damaged_each_check_has_an_answer(checked, database, tmp_path):
    jobs = enter(checked.ledger, *(f"/photos/{number}" for number in range(60)))
    finish(checked.ledger, begin(checked.ledger, jobs[0]))
    checked.register_worker()
    checked.ledger.database.connection.execute("pragma wal_checkpoint(truncate)")
    with open(database, "rb") as file:
        whole = file.read()
    chance = random.Random(5)
    for number in range(60):
        path = tmp_path / f"{number}.db"
        path.write_bytes(rubbish(whole, chance))
        opened: Ledger | LedgerError
        try:
            opened = Ledger(str(path))
        except LedgerError as error:
            opened = error
        with closing(opened) if isinstance(opened, Ledger) else nullcontext():
            checks = checked.run_checks(opened=opened, thorough=True)
        assert not [check for check in checks.values() if "The check itself" in check.message]
        assert {check.name for check in checks.values() if check.state is CheckState.BAD} <= {"database", "clock"}

import random
import sqlite3
import threading
from contextlib import closing, nullcontext

from fileq.errors import LedgerError
from fileq.health.check import State
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


def test_a_whole_database_is_told_with_its_size(patient):
    found = patient.look("database", thorough=True)
    assert found.state is State.OK
    assert patient.ledger.database.path in found.message
    assert "KB" in found.message


def test_free_pages_are_told(patient):
    enter(patient.ledger, *(f"/photos/{'x' * 200}/{number}" for number in range(500)))
    connection = patient.ledger.database.connection
    connection.execute("delete from jobs")
    assert "% of it free" in patient.look("database").message


def test_a_damaged_page_is_found(patient, database):
    enter(patient.ledger)
    overwrite(database, patient.ledger)
    with closing(Ledger(database)) as patient.ledger:
        found = patient.look("database", thorough=True)
    assert found.state is State.BAD
    assert "is damaged" in found.message
    assert "put a copy of it back" in found.remedy


def test_every_page_is_looked_at_once_a_day_and_again_while_it_is_damaged(patient, database):
    assert patient.look("database").state is State.OK
    overwrite(database, patient.ledger)
    with closing(Ledger(database)) as patient.ledger:
        assert patient.look("database", NOW + DAY - 1).state is State.OK
        assert patient.look("database", NOW + DAY).state is State.BAD
        assert patient.look("database", NOW + DAY + 300).state is State.BAD


def test_a_thorough_look_leaves_nothing_in_the_ledger(patient):
    patient.look("database", thorough=True)
    assert patient.ledger.checks.find_last_intact() is None
    assert patient.ledger.checks.list_records() == {}


def test_nobody_waits_for_the_look_at_every_page(patient, database):
    """Whoever has the ledger's own connection meanwhile."""
    with patient.ledger.transaction():
        other = threading.Thread(target=patient.ledger.database.damage)
        other.start()
        other.join(60)
        assert not other.is_alive()


def test_a_lock_that_stays_is_bad(patient, database):
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("begin immediate")
        found = patient.look("database")
        assert found.state is State.BAD
        assert "locked by another program" in found.message
    assert patient.look("database").state is State.OK


def rubbish(content, chance):
    """The same with some of its pages, or some bytes of a page, overwritten."""
    content = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5])):
        length = chance.choice([96, 4096])
        start = chance.randrange(len(content) // 4096) * 4096 + chance.randrange(4097 - length)
        content[start : start + length] = chance.choice([bytes(length), chance.randbytes(length)])
    return content


def test_whatever_is_damaged_each_check_has_an_answer(patient, database, tmp_path):
    jobs = enter(patient.ledger, *(f"/photos/{number}" for number in range(60)))
    finish(patient.ledger, begin(patient.ledger, jobs[0]))
    patient.sign_on()
    patient.ledger.database.connection.execute("pragma wal_checkpoint(truncate)")
    with open(database, "rb") as file:
        whole = file.read()
    chance = random.Random(5)
    for number in range(60):
        path = tmp_path / f"{number}.db"
        path.write_bytes(rubbish(whole, chance))
        try:
            opened = Ledger(str(path))
        except LedgerError as error:
            opened = error
        with closing(opened) if isinstance(opened, Ledger) else nullcontext():
            checks = patient.examine(opened=opened, thorough=True)
        assert not [check for check in checks.values() if "The check itself" in check.message]
        assert {check.name for check in checks.values() if check.state is State.BAD} <= {"database", "clock"}

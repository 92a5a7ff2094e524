"""An older ledger becomes one of now: whole or not at all, whoever begins it, and whatever stands in its rows."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from fileq.errors import ErrorKind, LedgerError
from fileq.job import JobState
from fileq.ledger import open_ledger
from fileq.ledger.migrations import SCHEMA_VERSION
from fileq.ledger.queries.overview import JobSelection

FIXTURES = Path(__file__).parents[2] / "fixtures"
LOOSE = FIXTURES / "ledger-v2.db"
"""The last one that took what is of another type."""

OLDER = [FIXTURES / f"ledger-v{version}.db" for version in range(1, SCHEMA_VERSION)]

OPEN = """
import sys
from fileq.ledger import open_ledger
sys.stdin.readline()
with open_ledger(sys.argv[1]) as ledger:
    print(ledger.overview.tally_jobs().total)
"""

OPEN_AND_DIE = """
import os, signal, sqlite3, sys
from fileq.ledger import open_ledger
left = int(sys.argv[2])
def strike(statement):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
connect = sqlite3.connect
def connect_traced(*arguments, **keys):
    connection = connect(*arguments, **keys)
    connection.set_trace_callback(strike)
    return connection
sqlite3.connect = connect_traced
with open_ledger(sys.argv[1]) as ledger:
    print(int(sys.argv[2]) - left)
"""


@pytest.fixture(params=OLDER, ids=lambda path: path.stem)
def old(request, tmp_path):
    return Path(shutil.copy(request.param, tmp_path / "fileq.db"))


def sql(path, statement, *values):
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement, values).fetchall()


def dump(path):
    """All that a database holds, and its version."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("pragma user_version").fetchone(), list(connection.iterdump())


def schema(path):
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("select type, name, sql from sqlite_master where name not like 'sqlite_%'")
        return {(kind, name): _bare(text) for kind, name, text in rows}


def _bare(text):
    """A statement without comments and spaces: those of a column that came later are SQLite's."""
    return re.sub(r"\s*([(),])\s*", r"\1", " ".join(re.sub(r"--.*", "", text).split()))


@pytest.mark.parametrize("frozen", sorted(FIXTURES.glob("ledger-v*.db")), ids=lambda path: path.stem)
def test_every_ledger_gets_the_schema_that_a_new_one_has(frozen, tmp_path):
    old, new = shutil.copy(frozen, tmp_path / "old.db"), str(tmp_path / "new.db")
    for path in (old, new):
        with open_ledger(path):
            pass
    assert schema(old) == schema(new)


def test_a_second_look_changes_nothing_any_more(old):
    with open_ledger(str(old)):
        pass
    before = dump(old)
    with open_ledger(str(old)):
        pass
    assert dump(old) == before


def test_four_processes_that_open_an_older_ledger_at_once_migrate_it_once(old):
    openers = [
        subprocess.Popen([sys.executable, "-c", OPEN, old], stdin=-1, stdout=-1, stderr=-1, text=True) for _ in range(4)
    ]
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write("\n")
        opener.stdin.flush()
    assert [opener.communicate() for opener in openers] == [("12\n", "")] * 4


def test_one_that_is_killed_amid_it_leaves_the_ledger_as_it_was(old, tmp_path):
    def run(strike):
        path = shutil.copy(old, tmp_path / "struck.db")
        process = subprocess.run(
            [sys.executable, "-c", OPEN_AND_DIE, path, str(strike)], capture_output=True, check=False
        )
        return path, process

    before = dump(old)
    count = int(run(10**6)[1].stdout)
    assert count > 10
    as_it_was = 0
    for strike in {*range(3, count, max(1, count // 12)), count - 4, count - 3}:
        path, process = run(strike)
        assert process.returncode == -signal.SIGKILL
        version, content = dump(path)
        if version == before[0]:
            assert content == before[1]
            as_it_was += 1
        with open_ledger(path) as ledger:
            assert ledger.overview.tally_jobs().total == 12
        for name in os.listdir(tmp_path):
            if name.startswith("struck"):
                os.remove(tmp_path / name)
    assert as_it_was > 10


def test_one_that_meets_a_newer_fileq_at_it_leaves_the_ledger_to_that(old):
    with closing(sqlite3.connect(old, isolation_level=None)) as newer:
        newer.execute("pragma journal_mode = wal")
        newer.execute("begin immediate")
        said = []
        opener = threading.Thread(target=lambda: said.append(complaint(old)))
        opener.start()
        opener.join(1)  # so that it has seen the old version, and waits
        newer.execute("pragma user_version = 999")
        newer.execute("commit")
        opener.join()
    assert "made by a newer fileq (schema 999" in said[0]
    assert sql(old, "pragma user_version") == [(999,)]


def complaint(path):
    with pytest.raises(LedgerError) as raised, open_ledger(str(path)):
        pass
    return raised.value.message


STRANGE = {
    "a state of no job": ("jobs", "state = 'lost'"),
    "a state that is a blob": ("jobs", "state = x'ff'"),
    "a text for a time": ("jobs", "due_at = 'tomorrow', added_at = 'yesterday', started_at = x'00', finished_at = 'x'"),
    "a text for a number": ("jobs", "size = 'big', mtime_ns = '?', priority = 'high', tries = 'many', outputs = x''"),
    "a batch of no number": ("jobs", "batch = 'first'"),
    "a blob for a sentence": ("jobs", "note = x'ff00', error_message = x'fe', fingerprint = x'01' || id"),
    "a text that is no UTF-8": ("jobs", "note = cast(x'ff41' as text), due_at = 'never'"),
    "a number that is a text": ("outputs", "bytes = 'x', width = x'', inode = 'y', published_at = 'z'"),
    "an output of no job": ("outputs", "job = 'mine', temp = 7"),
    "an attempt of no job": ("attempts", "started_at = 'x', finished_at = x'', message = x'ff'"),
    "a recipe that is a blob": ("recipes", "name = x'ff', body = x'fe' || id"),
    "a worker of no process": ("workers", "pid = 'x', beat_at = 'now', slots = 1.5"),
    "a strange sum": ("tallies", "jobs = 'many'"),
    "a flag of its own kind": ("batches", "told = 'yes', watch = 'x', added_at = 'x'"),
}


@pytest.mark.parametrize("what", STRANGE)
def test_rows_that_nobody_could_have_written_keep_no_ledger_from_opening(tmp_path, what):
    path = shutil.copy(LOOSE, tmp_path / "fileq.db")
    table, change = STRANGE[what]
    sql(path, f"update {table} set {change}")
    with open_ledger(path) as ledger:
        jobs = list(ledger.overview.list_jobs(JobSelection()))
        assert len(jobs) == ledger.overview.tally_jobs().total == 12
        assert ledger.health.find_latest_moment() is not None
        assert sql(path, "pragma integrity_check") == [("ok",)]
        if table != "jobs":
            assert {job.state for job in jobs} == set(JobState) - {JobState.SUPERSEDED}


def test_a_job_of_a_strange_state_has_failed_and_says_so_and_can_be_retried(tmp_path):
    path = shutil.copy(LOOSE, tmp_path / "fileq.db")
    sql(path, "update jobs set state = 'lost' where id = 3")
    with open_ledger(path) as ledger:
        job = ledger.overview.find_job(3)
        assert job is not None
        assert job.failure is not None
        assert (job.state, job.failure.kind) == (JobState.FAILED, ErrorKind.INTERNAL)
        assert ledger.overview.tally_jobs().jobs == dict.fromkeys(JobState, 2) | {
            JobState.FAILED: 3,
            JobState.WAITING: 1,
            JobState.SUPERSEDED: 0,
        }
        assert [entry.job_id for entry in ledger.jobs.retry_jobs([3])] == [3]


def test_a_row_that_fits_nowhere_is_put_aside(tmp_path):
    path = shutil.copy(LOOSE, tmp_path / "fileq.db")
    sql(path, "insert into attempts (job, number, worker, started_at) values ('x', 1, 1, 5), ('y', 1, 1, 6)")
    with open_ledger(path) as ledger:
        assert ledger.overview.tally_jobs().total == 12
    ((table, row),) = sql(path, "select * from unreadable_rows")
    assert (table, "'y', 1, 1, 6.0" in row) == ("attempts", True)


def test_tombstones_are_in_no_sum_after_it(tmp_path):
    path = shutil.copy(LOOSE, tmp_path / "fileq.db")
    sql(path, "update jobs set forgotten_at = 5 where id = 1")
    with open_ledger(path) as ledger:
        assert ledger.overview.tally_jobs().jobs[JobState.DONE] == 1
        assert [past.job_id for past in ledger.tombstones.find_tombstones(9, 9)] == [1]


NUMBERS = {
    "jobs": ["due_at", "added_at", "batch_id", "size"],
    "attempts": ["started_at", "finished_at"],
    "outputs": ["published_at", "inode", "job_id"],
    "workers": ["heartbeat_at", "pid"],
    "scheduled_tasks": ["due_at", "started_at"],
    "watches": ["status_at"],
    "batches": ["added_at", "notified"],
}


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, columns in NUMBERS.items() for column in columns]
)
@pytest.mark.parametrize("value", ["tomorrow", b"\xff"], ids=["text", "blob"])
def test_no_text_comes_into_a_number(ledger, database, table, column, value):
    with pytest.raises(sqlite3.IntegrityError, match="cannot store"):
        insert(database, table, **{column: value})


@pytest.mark.parametrize("state", ["lost", "Done", "", 1, b"done", None])
def test_no_job_gets_a_state_that_is_none(ledger, database, state):
    with pytest.raises(sqlite3.IntegrityError):
        insert(database, "jobs", state=state)


def insert(path, table, **values):
    """A row with these values, and what is allowed in all other columns."""
    with closing(sqlite3.connect(path)) as connection, connection:
        types = {name: kind for _, name, kind, *_ in connection.execute(f"pragma table_info({table})")}
        row = {name: "" if kind in ("TEXT", "ANY") else 1 for name, kind in types.items()}
        row |= {"state": "done"} if table == "jobs" else {}
        assert types.keys() >= values.keys()
        connection.execute(f"insert into {table} values ({', '.join('?' * len(row))})", [*(row | values).values()])

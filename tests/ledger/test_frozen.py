"""Databases of earlier schemas, which must open for ever. Each was written when its schema was the newest, by

    python -m tests.ledger.test_frozen tests/fixtures/ledger-v1.db
    python -m tests.ledger.test_frozen tests/fixtures/ledger-v4.sql

run at the top of the repository, and is never written again. A new schema gets files of its own: a database of
SQLite's, and what pg_dump says of one of PostgreSQL's.
"""

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fileq.job import LISTED, JobState, OutputInfo
from fileq.ledger import open_ledger
from fileq.ledger.migrations import FIRST_OF_BOTH, SCHEMA_VERSION
from fileq.ledger.queries.overview import JobSelection
from fileq.ledger.tables.outputs import PublishedFile
from tests.support.jobs import DAMAGED, NOW, SLOW, SOMEBODY, begin, enter, finish
from tests.support.postgres import dump_schema, own_schema, restore_schema, running_server

FIXTURES = Path(__file__).parents[1] / "fixtures"


def fill(path):
    """Two jobs in each state, a message, a worker, an output, a pause, and a name that is not UTF-8."""
    with open_ledger(path) as ledger:
        for source in ("/photos/IMG_1.jpg", "/photos/caf\udce9.jpg"):
            done, failed, waiting, cancelled, running, _ = enter(ledger, *(f"{source}-{number}" for number in range(6)))
            enter(ledger, f"{source}-0", version="999-1")
            ledger.jobs.supersede_older_jobs([done], NOW)
            finish_one(ledger, done, f"/photos/small/{done}.jpg")
            ledger.attempts.fail_attempt(begin(ledger, failed), DAMAGED, NOW)
            ledger.attempts.retry_attempt_later(begin(ledger, waiting), SLOW, NOW + 10, NOW)
            ledger.jobs.cancel_jobs([cancelled], NOW)
            begin(ledger, running, ledger.workers.register_worker(SOMEBODY, "fileq", 2, NOW).id)
        ledger.messages.insert_messages(
            "fileq", [(b'{"id": "job-6", "name": "fileq.worker.tasks.process", "args": [6]}', 0)]
        )
        ledger.batches.set_paused(paused=True)


def write(path):
    if path.endswith(".sql"):
        with running_server() as server, own_schema(server) as address:
            fill(address)
            Path(path).write_text(dump_schema(address), encoding="utf-8")
        return
    fill(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in ("pragma journal_mode = delete", "pragma page_size = 512", "vacuum"):  # one small file
            connection.execute(statement)


def finish_one(ledger, job, path):
    token = begin(ledger, job)
    ledger.outputs.reserve_path(path, job, f"{path}.tmp")
    output = PublishedFile(OutputInfo(path=path, format="jpeg", width=16, height=12, bytes=50), "50-5", 1234)
    ledger.outputs.announce_output(job, output, "")
    finish(ledger, token)
    ledger.outputs.record_published({job: [output]}, NOW)


@pytest.fixture(params=sorted(FIXTURES.glob("ledger-v*")), ids=lambda path: path.name)
def frozen(request, tmp_path):
    if request.param.suffix == ".db":
        with open_ledger(shutil.copy(request.param, tmp_path)) as ledger:
            yield ledger
        return
    with own_schema(request.getfixturevalue("postgres")) as address:
        restore_schema(address, request.param.read_text(encoding="utf-8"))
        with open_ledger(address) as ledger:
            yield ledger


def test_every_schema_has_its_frozen_databases():
    assert len(list(FIXTURES.glob("ledger-v*.db"))) == SCHEMA_VERSION
    assert len(list(FIXTURES.glob("ledger-v*.sql"))) == SCHEMA_VERSION + 1 - FIRST_OF_BOTH


def test_all_jobs_are_there_as_they_were(frozen):
    tally = frozen.overview.tally_jobs()
    assert tally.jobs == dict.fromkeys(LISTED, 2) | {JobState.SUPERSEDED: tally.jobs[JobState.SUPERSEDED]}
    assert (tally.bytes_in, tally.bytes_out, tally.outputs) == (2000, 200, 2)
    jobs = list(frozen.overview.list_jobs(JobSelection()))
    assert {job.source for job in jobs} >= {"/photos/IMG_1.jpg-0", "/photos/caf\udce9.jpg-0"}
    assert [job.failure for job in jobs if job.state is JobState.FAILED] == [DAMAGED, DAMAGED]
    assert jobs[-1].outputs == (OutputInfo(path="/photos/small/1.jpg", format="jpeg", width=16, height=12, bytes=50),)


def test_the_work_goes_on_where_it_was_left(frozen):
    assert frozen.batches.is_paused()
    frozen.batches.set_paused(paused=False)
    assert frozen.messages.has_messages("fileq")
    assert len(frozen.workers.list_workers()) == 2
    for worker in frozen.workers.list_workers():
        frozen.workers.unregister_worker(worker.id)
    for token, deaths in frozen.attempts.find_orphans():
        assert (token.attempt, deaths) == (1, 0)
        frozen.attempts.lose_attempt(token, NOW)
    lost = [due.job_id for due in frozen.jobs.find_unsent_jobs("fileq", NOW + 10, patience=0, limit=100)]
    assert json.loads(frozen.messages.take_message("fileq", NOW))["args"] == [6]
    for job in [6, *lost]:
        finish(frozen, begin(frozen, job, now=NOW + 10))
    assert frozen.overview.tally_jobs().jobs[JobState.DONE] == 8
    assert enter(frozen, "/photos/new.jpg") > [12]


if __name__ == "__main__":
    write(sys.argv[1])

"""The server of the ledger is killed, started again, or ends connections: workers wait, and all is done once."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.program import Program, kill_group
from tests.support.photos import write
from tests.support.postgres import Server, own_schema, own_server

JOBS = 240


@pytest.fixture
def server() -> Iterator[Server]:
    with own_server() as server:
        yield server


@pytest.fixture
def fileq(tmp_path: Path, server: Server) -> Iterator[Program]:
    folder = tmp_path / "home"
    folder.mkdir()
    write(folder / "photos", JOBS, (640, 480))
    with own_schema(server.address) as address:
        yield Program(folder, address)


def wait_for(fileq: Program, done: int) -> None:
    fileq.wait_until(lambda: fileq.states().get("done", 0) >= done)


def check_all_done(fileq: Program) -> None:
    assert fileq.states() == {"done": JOBS}
    assert fileq.ask("select max(tries), max(deaths) from jobs") == [(1, 0)], "no job is to blame"
    assert len(list((fileq.folder / "photos" / "web").iterdir())) == JOBS


def test_a_server_that_is_killed_and_started_again_costs_no_job_a_try(fileq: Program, server: Server) -> None:
    fileq.run("add", "photos")
    worker = fileq.start("worker", "--drain")
    try:
        for done in (5, 60, 120):
            wait_for(fileq, done)
            server.kill()
            time.sleep(random.uniform(0.2, 1.0))
            server.start()
        _, said = worker.communicate(timeout=120)
    finally:
        kill_group(worker)
    assert worker.returncode == 0, said
    assert b"Traceback" not in said
    assert said.count(b"answers again") <= 3, "at most once each time; where no connection was in use, nobody notices"
    check_all_done(fileq)


def test_connections_that_are_ended_at_random_cost_no_job_a_try(fileq: Program, server: Server) -> None:
    fileq.run("add", "photos")
    worker = fileq.start("worker", "--drain")
    try:
        wait_for(fileq, 1)
        with psycopg.connect(server.address, autocommit=True) as connection:
            while worker.poll() is None:
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where pid <> pg_backend_pid() and backend_type = 'client backend' and random() < 0.2"
                )
                time.sleep(0.1)
        _, said = worker.communicate(timeout=120)
    finally:
        kill_group(worker)
    assert worker.returncode == 0, said
    assert b"Traceback" not in said
    check_all_done(fileq)


def test_commands_say_that_no_server_answers(fileq: Program, server: Server) -> None:
    fileq.run("add", "photos")
    server.kill()
    for command in (["status"], ["add", "photos"], ["run", "photos"], ["worker", "--drain"], ["list"]):
        answer = fileq.run(*command, expect=3)
        assert "can't be reached" in answer.stderr
        assert answer.stderr.count("Error:") == 1
    server.start()
    fileq.run("worker", "--drain")
    check_all_done(fileq)

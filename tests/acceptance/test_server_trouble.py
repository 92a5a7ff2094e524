"""The server of the ledger refuses for a while: commands say why, workers wait, and all is done once in the end."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from tests.acceptance.program import Program, kill_group
from tests.support.drives import drive
from tests.support.photos import write
from tests.support.postgres import Server, own_server

JOBS = 40
Change = Callable[[Server], None]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with own_server() as server:
        server.execute("create role app login password 'right'")
        rules = Path(server.folder, "pg_hba.conf")
        rules.write_text(f"local all app scram-sha-256\n{rules.read_text()}")
        server.execute("select pg_reload_conf()")
        yield server


@pytest.fixture
def fileq(tmp_path: Path, server: Server) -> Iterator[Program]:
    folder = tmp_path / "home"
    folder.mkdir()
    write(folder / "photos", JOBS, (320, 240))
    server.execute("create database app owner app")
    program = Program(folder, server.address_of("app", "app"))
    program.environment["PGPASSWORD"] = "right"
    program.server = server.address_of("app") + "&options=-csearch_path%3Dfileq"  # for looks past all that
    yield program
    server.execute("drop database app with (force)")


def changing(*statements: str) -> Change:
    """What executes statements, and ends the connections that don't know of them."""

    def change(server: Server) -> None:
        server.execute("set default_transaction_read_only = off", *statements)
        server.end_connections()

    return change


TROUBLES = {
    "can only be read": (
        changing("alter role app set default_transaction_read_only = on"),
        changing("alter role app reset default_transaction_read_only"),
    ),
    "takes no more connections": (
        changing("alter role app connection limit 0"),
        changing("alter role app connection limit -1"),
    ),
    "does not let this user in": (
        changing("alter role app password 'another'"),
        changing("alter role app password 'right'"),
    ),
    "has cut off a statement": (
        changing("alter role app set statement_timeout = 1"),
        changing("alter role app reset statement_timeout"),
    ),
}


def work_through(fileq: Program, what: str, begin: Callable[[], object], end: Callable[[], object]) -> None:
    """Have a worker meet some trouble while it runs, and commands too."""
    fileq.run("add", "photos")
    said = fileq.folder / "said"
    with said.open("wb") as log:
        worker = fileq.start("worker", stderr=log)
        try:
            fileq.wait_until(lambda: fileq.states().get("done", 0) >= 3)
            begin()
            answer = fileq.run("add", "photos", "-r", "thumbnail", expect=3)  # it has patience for some seconds
            assert what in answer.stderr
            assert answer.stderr.count("Error:") == 1
            end()
            fileq.wait_until(lambda: fileq.states() == {"done": JOBS})
            worker.terminate()
            assert worker.wait(120) == 0, said.read_text()
        finally:
            kill_group(worker)
    text = said.read_text()
    assert "Traceback" not in text
    assert "right" not in text
    assert "another" not in text or what != "does not let this user in"
    assert fileq.ask("select state, count(*), max(tries) from jobs group by state") == [("done", JOBS, 1)]
    assert len(list((fileq.folder / "photos" / "web").iterdir())) == JOBS


@pytest.mark.parametrize("what", TROUBLES)
def test_a_worker_waits_and_goes_on_and_commands_say_it(fileq: Program, server: Server, what: str) -> None:
    begin, end = TROUBLES[what]
    work_through(fileq, what, lambda: begin(server), lambda: end(server))


def test_connections_that_others_use_up_keep_a_worker_waiting(fileq: Program, server: Server) -> None:
    server.set(max_connections=12)
    server.execute("create role other login")
    with ExitStack() as held:

        def take_all() -> None:
            server.end_connections()
            with suppress(psycopg.OperationalError):
                while True:
                    held.enter_context(psycopg.connect(server.address_of("app", "other")))

        try:
            work_through(fileq, "takes no more connections", take_all, held.close)
        finally:
            held.close()
            server.set(max_connections=None)


def test_a_full_disk_keeps_a_worker_waiting(fileq: Program, server: Server) -> None:
    with TemporaryDirectory(prefix="fileq-") as folder, drive(Path(folder) / "disk", "32m") as disk:
        store = disk.folder / "space"
        store.mkdir()
        owner = Path(server.folder).stat()
        os.chmod(folder, 0o755)
        os.chown(store, owner.st_uid, owner.st_gid)
        server.execute(f"create tablespace small location '{store}'", "alter database app set tablespace small")
        try:
            work_through(fileq, "can't grow: the server's disk is full", disk.fill, disk.make_room)
        finally:
            server.end_connections()
            server.execute("alter database app set tablespace pg_default", "drop tablespace small")


def test_the_doctor_says_that_a_user_may_only_look(fileq: Program, server: Server) -> None:
    fileq.run("add", "photos")
    with psycopg.connect(server.address_of("app"), autocommit=True) as owner:
        owner.execute("create role looker login password 'right'")
        owner.execute("grant usage on schema fileq to looker")
        owner.execute("grant select on all tables in schema fileq to looker")
    try:
        looker = Program(fileq.folder, server.address_of("app", "looker"))
        looker.environment["PGPASSWORD"] = "right"
        assert "can't be written by this user" in looker.run("doctor", expect=1).stdout
    finally:
        with psycopg.connect(server.address_of("app"), autocommit=True) as owner:
            owner.execute("drop owned by looker")
            owner.execute("drop role looker")

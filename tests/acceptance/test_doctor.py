"""Is all well? The real command, on databases, workers and disks that are well and ill."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fileq.ledger import Ledger
from tests.acceptance.program import Program, kill_group
from tests.acceptance.test_environment import another_programs, newer, read_only_from, text
from tests.acceptance.watching import Watched

NAMES = [
    "database", "broker", "disk", "workers", "hosts", "roots", "stuck jobs", "due jobs", "queue",
    "watched folders", "codecs", "clock", "temp files", "schedule", "notices", "hooks", "config",
]  # fmt: skip


def states(document: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["state"] for check in document["checks"]}


def check(document: dict[str, Any], name: str) -> dict[str, str]:
    return next(check for check in document["checks"] if check["name"] == name)


def test_a_fresh_installation_is_well_and_no_database_is_made(fileq: Program) -> None:
    document = fileq.json("doctor")
    assert document["ok"] is True
    assert states(document) == dict.fromkeys(NAMES, "ok")
    assert all(set(one) == {"name", "state", "message", "remedy"} for one in document["checks"])
    assert fileq.run("doctor").stdout.endswith("\nAll is well.\n")
    assert list(fileq.folder.iterdir()) == []


def test_what_was_just_added_is_no_reason_to_worry(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos)
    document = fileq.json("doctor")
    assert states(document) == dict.fromkeys(NAMES, "ok")
    fileq.run("worker", "--drain")
    assert states(fileq.json("doctor")) == dict.fromkeys(NAMES, "ok")


def test_with_a_worker_at_work_all_is_well(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos)
    with fileq.worker():
        document = fileq.json("doctor")
        assert states(document) == dict.fromkeys(NAMES, "ok")
        assert check(document, "workers")["message"].startswith("1 worker is running")


def test_a_worker_that_was_killed_amid_its_job_is_told_with_the_job(fileq: Program, photos: Path) -> None:
    argv = '["python3", "-c", "import time; time.sleep(1000)", "{source}", "{output}"]'
    fileq.trust(f'[recipes.slow]\nsteps = [ {{ op = "command", argv = {argv} }} ]\n')
    fileq.run("add", photos / "IMG_0001.jpg", "-r", "slow")
    with fileq.worker("--workers", "1") as worker:
        fileq.wait_until(lambda: fileq.states() == {"running": 1})
        kill_group(worker)
        document = fileq.json("doctor", expect=1)
    assert document["ok"] is False
    assert str(worker.pid) in check(document, "workers")["message"]
    stuck = check(document, "stuck jobs")
    assert stuck["state"] == "bad"
    assert str(photos / "IMG_0001.jpg") in stuck["message"]
    assert "fileq worker" in stuck["remedy"]


def damaged(path: Path) -> None:
    """Pages in the middle overwritten, as a failing disk does it."""
    ledger = Ledger(str(path))
    with ledger.database.reading() as connection:
        pages = [
            page
            for (page,) in connection.execute(
                "select rootpage from sqlite_master where name in ('jobs', 'outputs', 'watches', 'meta')"
            )
        ]
    ledger.close()
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * 4096)
            file.write(b"\xff" * 4096)


def cut_off(path: Path) -> None:
    Ledger(str(path)).close()
    os.truncate(path, 6000)


def folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("make", [text, another_programs, newer, damaged, cut_off, folder])
@pytest.mark.usefixtures("ledger_file")
def test_a_database_that_can_not_be_used_is_a_check_and_left_as_it_is(
    fileq: Program, make: Callable[[Path], None]
) -> None:
    make(fileq.database)
    before = None if fileq.database.is_dir() else fileq.database.read_bytes()
    document = fileq.json("doctor", expect=1)
    database = check(document, "database")
    assert database["state"] == "bad"
    assert str(fileq.database) in database["message"]
    assert database["remedy"]
    assert check(document, "disk")["state"] == "ok"
    assert "bad" not in [state for name, state in states(document).items() if name != "database"]
    assert "database" in fileq.run("doctor", expect=1).stdout
    assert before is None or fileq.database.read_bytes() == before


@pytest.mark.usefixtures("ledger_file")
def test_one_damaged_page_that_nothing_has_stumbled_over_is_found(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos)
    with closing(sqlite3.connect(fileq.database)) as connection:
        (page,) = connection.execute("select rootpage from sqlite_master where name = 'jobs_by_batch'").fetchone()
    with fileq.database.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(bytes(4096))
    fileq.run("status")
    assert "damaged" in check(fileq.json("doctor", expect=1), "database")["message"]


@pytest.mark.usefixtures("ledger_file")
def test_a_database_that_another_program_keeps_locked_is_a_check(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos)
    with closing(sqlite3.connect(fileq.database, isolation_level=None)) as connection:
        connection.execute("begin immediate")
        assert "locked" in check(fileq.json("doctor", expect=1), "database")["message"]
    with closing(sqlite3.connect(fileq.database, isolation_level=None)) as connection:
        connection.execute("pragma locking_mode = exclusive")
        connection.execute("begin exclusive")
        assert "locked" in check(fileq.json("doctor", expect=1), "database")["message"]
    assert fileq.json("doctor")["ok"] is True


def test_a_mistake_in_the_config_is_one_here_too(fileq: Program) -> None:
    fileq.configure("[worker]\nworkerz = 2\n")
    assert "workerz" in fileq.run("doctor", expect=1).stdout
    fileq.configure("[queue]\ndatabas = 'a.db'\n")  # it would be another database that is looked at
    assert "databas" in fileq.run("doctor", expect=2).stderr


def test_what_a_recipe_needs_and_is_not_there_is_told_with_the_remedy(fileq: Program) -> None:
    argv = '["no-such-program", "{source}", "{output}"]'
    fileq.trust(f'[recipes.mine]\nsteps = [ {{ op = "command", argv = {argv} }} ]\n')
    answer = fileq.run("doctor", expect=1).stdout
    assert "The recipe mine can't work: the program no-such-program was not found." in answer
    assert "Install it, or write its full path." in answer
    assert answer.endswith("\n1 check bad.\n")


def test_warnings_are_told_and_no_failure(fileq: Program, photos: Path) -> None:
    fileq.run("run", photos)
    (name,) = fileq.ask("select value from meta where key = 'ledger'")[0]
    (photos / "web" / f".fileq-{name}-99-1-0.tmp").write_bytes(b"x" * 2000)
    document = fileq.json("doctor")
    assert document["ok"] is True
    assert check(document, "temp files")["message"] == f"1 temp file left over, 2 KB, in {photos / 'web'}."
    assert fileq.run("doctor").stdout.endswith("\n1 warning.\n")


@pytest.mark.usefixtures("ledger_file")
def test_a_look_changes_nothing(fileq: Program, photos: Path) -> None:
    fileq.run("run", photos)
    before = fileq.database.read_bytes()
    fileq.run("doctor")
    assert fileq.database.read_bytes() == before


def test_a_watcher_that_was_killed_is_bad_and_one_that_was_stopped_is_not(fileq: Program) -> None:
    watched = Watched(fileq)
    with watched.watched():
        assert check(fileq.json("doctor"), "watched folders")["message"] == "1 folder is watched."
    assert fileq.json("doctor")["ok"] is True
    process = watched.start()
    fileq.wait_until(lambda: watched.state(process) == "events")
    kill_group(process)
    found = check(fileq.json("doctor", expect=1), "watched folders")
    assert (found["state"], found["message"]) == ("bad", f"The watcher of {watched.folder} has died.")


def test_a_watched_folder_that_is_gone_is_bad(fileq: Program) -> None:
    watched = Watched(fileq)
    with watched.watched() as process:
        watched.folder.rmdir()
        fileq.wait_until(lambda: watched.state(process) == "offline")
        found = check(fileq.json("doctor", expect=1), "watched folders")
        assert found["message"].startswith(f"{watched.folder} is offline: ")
        watched.folder.mkdir()


@pytest.mark.usefixtures("ledger_file")
def test_a_place_where_no_database_can_be_made_is_bad(fileq: Program) -> None:
    folder = fileq.folder / "read only"
    folder.mkdir()
    fileq.environment["FILEQ_DATABASE"] = str(folder / "state" / "ledger.db")
    with read_only_from(folder) as turn_read_only:
        assert fileq.json("doctor")["ok"] is True
        turn_read_only()
        assert f"{folder} can't be written" in check(fileq.json("doctor", expect=1), "database")["message"]

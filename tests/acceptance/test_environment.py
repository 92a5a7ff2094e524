"""A database or a config that can't be used: a clear error, the right exit code, and the file as it was."""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from fileq.ledger import Ledger
from tests.acceptance.program import Program


def text(path: Path) -> None:
    path.write_text("dear diary\n" * 100)


def another_programs(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table photos (name text)")


def newer(path: Path) -> None:
    Ledger(str(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma user_version = 999")


@pytest.mark.parametrize("make", [text, another_programs, newer])
@pytest.mark.parametrize("command", ["status", "add", "worker"])
@pytest.mark.usefixtures("ledger_file")
def test_a_database_that_is_not_ours_is_refused_and_left_as_it_is(
    fileq: Program, photos: Path, make, command: str
) -> None:
    make(fileq.database)
    before = fileq.database.read_bytes()
    arguments = [photos] if command == "add" else []
    answer = fileq.run(command, *arguments, expect=3)
    assert str(fileq.database) in answer.stderr
    assert "--database" in answer.stderr
    assert fileq.database.read_bytes() == before


@pytest.mark.usefixtures("ledger_file")
def test_a_database_that_another_program_has_locked_is_an_error_of_the_environment(
    fileq: Program, photos: Path
) -> None:
    fileq.run("add", photos / "IMG_0001.jpg")
    with closing(sqlite3.connect(fileq.database, isolation_level=None)) as connection:
        connection.execute("begin exclusive")
        answer = fileq.run("add", photos, expect=3)
    assert "locked by another program" in answer.stderr
    assert fileq.json("add", photos)["queued"] == 7


@pytest.mark.usefixtures("ledger_file")
def test_a_database_that_can_not_be_written_is_an_error_of_the_environment(fileq: Program, photos: Path) -> None:
    folder = fileq.folder / "read only"
    folder.mkdir()
    fileq.environment["FILEQ_DATABASE"] = str(folder / "ledger.db")
    with read_only_from(folder) as turn_read_only:
        fileq.run("add", photos / "IMG_0001.jpg")
        before = (folder / "ledger.db").read_bytes()
        turn_read_only()
        answer = fileq.run("add", photos, expect=3)
        assert "can't be" in answer.stderr
        assert (folder / "ledger.db").read_bytes() == before


@contextmanager
def read_only_from(folder: Path) -> Iterator[Callable[[], object]]:
    """A folder, and how to make it read-only. Root may write whatever the permissions are, so it gets a file system."""
    if os.geteuid() != 0:

        def lock() -> None:
            for path in folder.iterdir():
                path.chmod(0o444)
            folder.chmod(0o555)

        yield lock
        folder.chmod(0o755)
        return
    subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
    try:
        yield lambda: subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("[worker]\nworkers = 'two'\n", ["worker.workers", "fileq.toml"]),
        ("[worker]\nworkerz = 2\n", ["workerz", "did you mean", "workers"]),
        ("[worker]\nmemory = '2 gigs'\n", ["worker.memory", "2 GiB"]),
        ("[recipes.x]\nsteps = [ { op = 'resiz', fit = '10x10' } ]\n", ["resiz", "resize"]),
        ("[recipes.x]\nsteps = [ { op = 'resize', fit = 'huge' } ]\n", ["recipes.x.steps[0]", "1600x1200"]),
        ("[recipes.x]\nsteps = [ { op = 'resize', fitt = '10x10' } ]\n", ["fitt", "fit"]),
        ("default = ['nope']\n", ["nope", "web"]),
        ("[recipes.x\n", ["line 1"]),
        ("[[recipes.x.outputs]]\nname = '../{stem}.jpg'\n", ["recipes.x.outputs[0].name", ".."]),
        ("[[recipes.x.outputs]]\nname = '{stm}.jpg'\n", ["{stm}", "{stem}"]),
    ],
)
def test_a_mistake_in_the_config_names_file_key_and_remedy(fileq: Program, config: str, words: list[str]) -> None:
    path = fileq.configure(config)
    answer = fileq.run("recipes", "x", expect=2)
    for word in [path.name, *words]:
        assert word.lower() in answer.stderr.lower()


def test_a_path_that_does_not_exist_is_named_and_nothing_is_queued(fileq: Program, photos: Path) -> None:
    answer = fileq.run("add", photos, photos / "nope.jpg", expect=2)
    assert "nope.jpg" in answer.stderr
    assert fileq.json("add", photos, "nope.jpg", expect=2)["missing"] == ["nope.jpg"]
    assert fileq.states() == {}


@pytest.mark.parametrize("arguments", [["show", "99"], ["wait", "99"], ["recipes", "nope"], ["add", "-r", "nope", "."]])
def test_what_does_not_exist_is_wrong_usage(fileq: Program, arguments: list[str]) -> None:
    assert fileq.run(*arguments, expect=2).stderr

"""A database that is taken away, or replaced, under those who use it: nobody works on with a file that nobody finds."""

import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.acceptance.program import Program, files, kill_group

Command = tuple[str, ...]


def _ready(command: Command) -> list[str]:
    """What finds something once the command has begun: before, it ends where anything is wrong with the database."""
    watches = ["select 1 from watches"] if "watch" in command else []
    works = ["select 1 from meta where key like 'swept:%'"] if "worker" in command or "--work" in command else []
    return watches + works


@contextmanager
def serving(fileq: Program, command: Command) -> Iterator[tuple[Callable[[], str], Callable[[], int]]]:
    """Have the command at work; yields what gives all that it has said, and what waits for its end."""
    said = fileq.folder / "said"
    with said.open("wb") as log:
        process = fileq.start(*command, stderr=log)
        try:
            fileq.wait_until(lambda: all(map(fileq.ask, _ready(command))))
            yield said.read_text, lambda: process.wait(60)
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        finally:
            kill_group(process)


@pytest.fixture(params=[("worker",), ("watch", "inbox"), ("watch", "inbox", "--work")], ids=" ".join)
def command(request: pytest.FixtureRequest, fileq: Program) -> Command:
    (fileq.folder / "inbox").mkdir(exist_ok=True)
    arguments: Command = request.param
    return arguments


@pytest.mark.usefixtures("ledger_file")
def test_one_that_is_replaced_ends_who_uses_it_and_the_new_one_is_left_alone(fileq: Program, command: Command) -> None:
    with serving(fileq, command) as (said, end):
        copy = fileq.folder / "copy.db"
        with closing(sqlite3.connect(fileq.database)) as database:
            database.execute("vacuum into ?", (str(copy),))
        before = copy.read_bytes()
        copy.replace(fileq.database)
        assert end() == 3
    text = said()
    assert text.count("was replaced by another file while it was in use") == 1, text
    assert "Start fileq again" in text
    assert "Traceback" not in text
    assert fileq.database.read_bytes() == before


def test_one_that_a_newer_fileq_has_migrated_ends_who_uses_it(fileq: Program, command: Command) -> None:
    with serving(fileq, command) as (said, end):
        on_server = "update meta set value = '99' where key = 'schema'"
        fileq.pretend("pragma user_version = 99" if fileq.server is None else on_server)
        assert end() == 3
    text = said()
    assert text.count("was brought to schema 99 by a newer fileq") == 1, text
    assert "Traceback" not in text


@pytest.mark.usefixtures("ledger_file")
def test_one_that_is_away_is_waited_for_and_all_goes_on_once_it_is_back(
    fileq: Program, photos: Path, command: Command
) -> None:
    away = fileq.database.with_name("away.db")
    works = "worker" in command or "--work" in command
    with serving(fileq, command) as (said, _):
        fileq.database.rename(away)
        words = "Jobs wait until that is over" if works else "was removed or moved while it was in use"
        fileq.wait_until(lambda: words in said())
        away.rename(fileq.database)
        if command == ("worker",):
            fileq.run("add", photos / "IMG_0001.jpg")
        else:
            (fileq.folder / "inbox" / "a.jpg").write_bytes((photos / "IMG_0001.jpg").read_bytes())
        fileq.wait_until(lambda: fileq.states() == {"queued" if command[-1] == "inbox" else "done": 1})
        if works:
            fileq.wait_until(lambda: "The database answers again" in said())
    text = said()
    assert text.count(words) == 1, text
    assert "Traceback" not in text


@pytest.mark.usefixtures("ledger_file")
def test_who_is_to_drain_it_publishes_nothing_into_the_void(fileq: Program, photos: Path) -> None:
    """The jobs that ran when it was taken away are done once, after it is back."""
    fileq.run("add", photos, "-r", "avif")
    away = fileq.database.with_name("away.db")
    with serving(fileq, ("worker", "--drain", "--workers", "2")) as (said, end):
        fileq.wait_until(lambda: fileq.states().get("done", 0) > 0)
        fileq.database.rename(away)
        fileq.wait_until(lambda: "was removed or moved while it was in use" in said())
        assert [name for name in files(fileq.database.parent) if name == fileq.database.name] == []
        away.rename(fileq.database)
        assert end() == 0
    assert fileq.states() == {"done": 8}
    assert fileq.ask("select max(tries) from jobs") == [(1,)]
    assert len(files(photos / "avif")) == 8

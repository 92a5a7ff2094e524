"""A disk that is full, read-only or away costs the jobs that need it time, and nothing else."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.program import Program, files, kill_group
from tests.support.drives import Drive, drive

Change = Callable[[Drive], None]


@pytest.fixture
def place(fileq: Program) -> Iterator[Drive]:
    """A drive to which outputs go, with one that is there already."""
    with drive(fileq.folder / "drive") as place:
        yield place


@pytest.mark.parametrize(
    ("breaks", "fixed", "kind", "words"),
    [
        (Drive.fill, Drive.make_room, "no_space", "no space left"),
        (Drive.turn_read_only, Drive.turn_writable, "permission", "read-only"),
        (Drive.go, Drive.come, "missing", "is not there"),
    ],
)
def test_jobs_wait_for_a_drive_without_a_try_and_others_go_on(
    fileq: Program, photos: Path, place: Drive, breaks: Change, fixed: Change, kind: str, words: str
) -> None:
    fileq.run("run", photos / "IMG_0001.jpg", "-o", place.folder / "out")
    breaks(place)
    fileq.run("add", photos / "IMG_0002.jpg", photos / "IMG_0003.jpg", "-o", place.folder / "out")
    fileq.run("add", photos / "IMG_0004.jpg")
    said = fileq.folder / "said"
    with said.open("wb") as log:
        worker = fileq.start("worker", stderr=log)
        try:
            fileq.wait_until(lambda: fileq.states() == {"done": 2, "waiting": 2})
            waiting = fileq.json("list", "--state", "waiting")
            assert [job["error"]["kind"] for job in waiting] == [kind, kind]
            assert words in waiting[0]["error"]["message"]
            assert fileq.ask("select distinct tries from jobs where state = 'waiting'") == [(0,)]
            fileq.wait_until(lambda: len(fileq.ask("select 1 from attempts where outcome = ?", kind)) > 2)  # once more
            fixed(place)
            fileq.pretend("update jobs set due_at = 0 where state = 'waiting'")
            fileq.pretend("update schedule set timestamp = 0")
            fileq.wait_until(lambda: fileq.states() == {"done": 4})
            fileq.wait_until(lambda: "can be used again" in said.read_text())
        finally:
            kill_group(worker)
    assert files(place.folder / "out") == ["IMG_0001.jpg", "IMG_0002.jpg", "IMG_0003.jpg"]
    assert fileq.ask("select distinct tries from jobs") == [(1,)]
    text = said.read_text()
    assert (text.count(words), text.count("can be used again")) == (1, 1), text


@pytest.mark.parametrize("mount_point", ["stays", "goes"])
@pytest.mark.parametrize("how", ["add", "watch"])
def test_jobs_wait_for_the_drive_of_their_sources_without_a_try(
    fileq: Program, photos: Path, place: Drive, how: str, mount_point: str
) -> None:
    inbox = place.folder / "inbox"
    shutil.copytree(photos, inbox)
    fileq.configure("[worker]\nattempts = 1\n")
    fileq.run("add", inbox, "-o", fileq.folder / "out") if how == "add" else fileq.run(
        "watch", inbox, "-o", fileq.folder / "out", "--once"
    )
    place.go()
    if mount_point == "goes":
        place.folder.rmdir()
    said = fileq.folder / "said"
    with said.open("wb") as log:
        worker = fileq.start("worker", stderr=log)
        try:
            fileq.wait_until(lambda: fileq.states() == {"waiting": 8})
            assert {job["error"]["kind"] for job in fileq.json("list")} == {"missing"}
            assert fileq.ask("select distinct tries from jobs") == [(0,)]
            place.folder.mkdir(exist_ok=True)
            place.come()
            (inbox / "IMG_0001.jpg").unlink()  # a file alone that is gone is missing
            fileq.pretend("update jobs set due_at = 0 where state = 'waiting'")
            fileq.pretend("update schedule set timestamp = 0")
            fileq.wait_until(lambda: fileq.states() == {"done": 7, "failed" if how == "add" else "cancelled": 1})
            fileq.wait_until(lambda: "can be used again" in said.read_text())
        finally:
            kill_group(worker)
    text = said.read_text()
    assert text.count("is not there. Mount it.") == 1, text
    assert len(files(fileq.folder / "out")) == 7


@pytest.mark.usefixtures("ledger_file")
def test_a_worker_whose_database_has_no_room_waits_says_it_once_and_goes_on(
    fileq: Program, photos: Path, place: Drive
) -> None:
    fileq.database = place.folder / "state.db"
    fileq.environment["FILEQ_DATABASE"] = str(fileq.database)
    fileq.run("add", photos, "-r", "avif")
    said = fileq.folder / "said"
    with said.open("wb") as log:
        worker = fileq.start("worker", "--workers", "2", stderr=log)
        try:
            fileq.wait_until(lambda: fileq.states().get("done", 0) > 0)
            place.fill()
            fileq.wait_until(lambda: "the disk is full" in said.read_text())
            place.make_room()
            fileq.wait_until(lambda: fileq.states() == {"done": 8})
            worker.terminate()
            assert worker.wait(60) == 0
        finally:
            kill_group(worker)
    assert fileq.ask("select distinct tries, deaths from jobs") == [(1, 0)]
    assert said.read_text().count("the disk is full") == 1
    assert len(files(photos / "avif")) == 8


@pytest.mark.usefixtures("ledger_file")
def test_a_worker_that_is_told_to_stop_waits_for_no_locked_database(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos, "-r", "avif")
    with fileq.worker("--workers", "2") as worker:
        fileq.wait_until(lambda: fileq.states().get("done", 0) > 0)
        with closing(sqlite3.connect(fileq.database, isolation_level=None, timeout=60)) as other:
            other.execute("begin immediate")
            worker.terminate()
            assert worker.wait(45) == 3
    fileq.run("worker", "--drain")
    assert fileq.states() == {"done": 8}
    assert len(files(photos / "avif")) == 8


def test_who_waits_for_the_end_is_told_of_a_full_drive_after_its_tries(
    fileq: Program, photos: Path, place: Drive
) -> None:
    fileq.configure('[worker]\nattempts = 2\nretry_delay = "100ms"\n')
    (place.folder / "out").mkdir()
    place.fill()
    fileq.run("run", photos / "IMG_0001.jpg", "-o", place.folder / "out", expect=1)
    assert fileq.ask("select state, error_kind, tries from jobs") == [("failed", "no_space", 2)]
    assert files(place.folder / "out") == []

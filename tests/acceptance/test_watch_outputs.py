"""Nothing goes round in a circle: not what fileq made, not what was touched, renamed or seen before."""

import os
import signal
from pathlib import Path

import pytest

from tests.acceptance.program import Program, files, wait_until
from tests.acceptance.watching import LONG, Watched, below, picture, write

ROUNDS, COUNT = (120, 300) if LONG else (6, 40)


@pytest.fixture
def inbox(fileq: Program) -> Watched:
    return Watched(fileq)


def scanned(inbox: Watched, process) -> None:
    """Have the watcher scan, and wait for the end of that."""
    before = inbox.said()["last_scan_at"]
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: inbox.said()["last_scan_at"] > before and not inbox.said()["waiting"])


def done(inbox: Watched, count: int) -> None:
    wait_until(lambda: inbox.fileq.states() == {"done": count})


def test_outputs_inside_the_watched_folder(inbox: Watched) -> None:
    inbox.arguments = [str(inbox.folder), "-r", "web", "-r", "thumbnail"]
    with inbox.watched("--work") as process:
        for number in range(COUNT):
            write(inbox.folder / f"{number}.jpg", picture(number))
        done(inbox, 2 * COUNT)
        for _ in range(ROUNDS):
            scanned(inbox, process)
    assert inbox.fileq.states() == {"done": 2 * COUNT}
    assert len(files(inbox.folder)) == 3 * COUNT


def test_an_output_that_is_moved_into_the_watched_folder(inbox: Watched) -> None:
    with inbox.watched("--work"):
        write(inbox.folder / "a.jpg")
        done(inbox, 1)
        (inbox.fileq.folder / "out" / "a.jpg").rename(inbox.folder / "moved.jpg")
        write(inbox.folder / "b.jpg", picture(1))
        done(inbox, 2)
    inbox.fileq.run("watch", *inbox.arguments, "--once")
    assert inbox.sources() == [str(inbox.folder / name) for name in ("a.jpg", "b.jpg")]


def test_touch_and_chmod_of_processed_files(inbox: Watched) -> None:
    with inbox.watched("--work") as process:
        sources = [write(inbox.folder / f"{number}.jpg", picture(number)) for number in range(10)]
        done(inbox, 10)
        for source in sources:
            source.touch()
            source.chmod(0o600)
        with sources[0].open("r+b"):
            pass
        scanned(inbox, process)
    inbox.finish(*sources)


def test_other_content_of_the_same_size(inbox: Watched) -> None:
    path = inbox.folder / "a.jpg"
    made = []
    with inbox.watched("--work"):
        for number in range(3):
            write(path, picture(number))
            done(inbox, number + 1)
            made.append((inbox.fileq.folder / "out" / "a.jpg").read_bytes())
    assert len({len(picture(number)) for number in range(3)}) == 1
    assert len(set(made)) == 3


def test_a_file_that_is_renamed_in_the_tree(inbox: Watched) -> None:
    with inbox.watched("--work") as process:
        write(inbox.folder / "a.jpg")
        done(inbox, 1)
        (inbox.folder / "sub").mkdir()
        (inbox.folder / "a.jpg").rename(inbox.folder / "sub" / "b.jpg")
        scanned(inbox, process)
        (inbox.folder / "sub").rename(inbox.folder / "other")
        scanned(inbox, process)
    inbox.finish(inbox.folder / "other" / "b.jpg")


def test_outputs_that_were_removed_do_not_come_back(inbox: Watched) -> None:
    with inbox.watched("--work") as process:
        write(inbox.folder / "a.jpg")
        done(inbox, 1)
        (inbox.fileq.folder / "out" / "a.jpg").unlink()
        scanned(inbox, process)
    assert files(inbox.fileq.folder / "out") == []


def test_a_source_that_vanishes_before_it_is_processed_is_cancelled_and_queued_when_it_is_back(inbox: Watched) -> None:
    path, away = inbox.folder / "a.jpg", inbox.fileq.folder / "away.jpg"
    with inbox.watched():
        write(path)
        inbox.wait_for(1)
        path.rename(away)
        inbox.fileq.run("worker", "--drain")
        (job,) = inbox.fileq.json("list")
        assert (job["state"], job["error"]["kind"]) == ("cancelled", "missing")
        assert "is gone" in job["error"]["message"]
        away.rename(path)
        wait_until(lambda: inbox.fileq.states() == {"queued": 1})
    inbox.finish(path)


def test_two_folders_each_with_its_recipe_one_after_the_other(inbox: Watched) -> None:
    """The first folder's outputs are the second one's sources: a chain, and no circle."""
    second = inbox.fileq.folder / "second"
    second.mkdir()
    inbox.configure('recipe = "web"', f'out = "{second}"')
    config = inbox.fileq.folder / "fileq.toml"
    config.write_text(f'{config.read_text()}[[watch]]\npath = "second"\nrecipe = "thumbnail"\nout = "out"\n')
    with inbox.watched("--work"):
        write(inbox.folder / "sub" / "a.jpg", picture(3))
        done(inbox, 2)
    assert files(second) == ["sub/a.jpg"]
    inbox.fileq.run("watch", "--once")
    assert inbox.fileq.states() == {"done": 2}


def test_a_circle_in_the_config_is_refused_with_both_lines(inbox: Watched) -> None:
    inbox.fileq.configure(
        '[[watch]]\npath = "inbox"\nout = "second"\n[[watch]]\npath = "second"\nafter = "move"\nmove_to = "inbox"\n'
    )
    answer = inbox.fileq.run("watch", expect=2)
    assert "lines 3 and 7: watch[0].out and watch[1].move_to" in answer.stderr


def test_status_shows_the_folder_and_what_is_waited_for(inbox: Watched) -> None:
    path = inbox.folder / "half.jpg"
    with inbox.watched() as process, path.open("wb") as file:
        file.write(picture(1)[:50])
        file.flush()
        wait_until(lambda: inbox.waits_for(path, "a program is writing to it"))
        (watch,) = inbox.fileq.json("status")["watches"]
        assert (watch["path"], watch["state"], watch["pid"]) == (str(inbox.folder), "events", process.pid)
        assert (watch["waiting"], watch["missed_by_events"], watch["folders"], watch["watches"]) == (1, 0, 1, 1)
        assert watch["longest"][0]["path"] == str(path)
        told = inbox.fileq.run("status").stdout
        assert f"{path.name}  a program is writing to it" in told
        os.unlink(path)
    (watch,) = inbox.fileq.json("status")["watches"]
    assert watch["state"] == "stopped"


def test_each_file_is_a_line_when_piped(inbox: Watched, fileq: Program) -> None:
    sources: list[Path] = [write(inbox.folder / f"{number}.jpg", picture(number)) for number in range(20)]
    said = fileq.run("watch", *inbox.arguments, "--once")
    expected = [f"queued {os.path.relpath(source, fileq.folder)}" for source in sources]
    assert sorted(said.stdout.splitlines()) == sorted(expected)
    assert below(inbox.folder)

"""Links in watched folders: nobody hands in by a link what isn't theirs, unless the watch says so."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.program import Program, files, wait_until
from tests.acceptance.watching import Watched, picture, write

needs_users = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make files of two users"
)
ADA, EVE = 12345, 12346


@pytest.fixture
def inbox(fileq: Program) -> Watched:
    return Watched(fileq)


@pytest.fixture
def secret(fileq: Program) -> Path:
    """A file outside the watched folder."""
    return write(fileq.folder / "private" / "secret.jpg", picture(7))


def once(inbox: Watched, *arguments: str) -> str:
    """Catch up, and say what the watcher said."""
    return inbox.fileq.run("watch", *inbox.arguments, "--once", *arguments).stderr


def left_alone(inbox: Watched) -> dict[str, int]:
    (watch,) = inbox.fileq.json("status")["watches"]
    left: dict[str, int] = watch["left_alone"]
    return left


def hard_link(inbox: Watched, source: Path, *, owner: int, folder_of: int, mode: int = 0o755) -> Path:
    """A second name in a sub-folder of the inbox for a file of `owner`."""
    folder = inbox.folder / "drop"
    folder.mkdir()
    link = folder / "evil.jpg"
    os.link(source, link)
    os.chown(source, owner, -1)
    os.chown(folder, folder_of, -1)
    folder.chmod(mode)
    return link


@pytest.mark.parametrize("polls", [(), ("--poll", "1")])
def test_a_link_to_a_file_outside_is_left_alone_and_said(inbox: Watched, secret: Path, polls: tuple[str, ...]) -> None:
    (inbox.folder / "evil.jpg").symlink_to(secret)
    (inbox.folder / "worse.jpg").symlink_to(os.path.relpath(secret, inbox.folder))
    mine = write(inbox.folder / "mine.jpg")
    said = once(inbox, *polls)
    assert said.count("2 links left alone: 2 lead out of the folder.") == 1
    assert "--follow-links" in said
    assert inbox.sources() == [str(mine)]
    assert left_alone(inbox) == {"outside": 2}


def test_a_link_to_a_file_inside_is_taken(inbox: Watched) -> None:
    mine = write(inbox.folder / "sub" / "mine.jpg")
    link = inbox.folder / "link.jpg"
    link.symlink_to("sub/mine.jpg")
    assert "left alone" not in once(inbox)
    assert inbox.sources() == sorted([str(link), str(mine)])


def test_a_watched_folder_that_is_a_link_itself_is_no_reason(inbox: Watched) -> None:
    real = inbox.fileq.folder / "real"
    inbox.folder.rmdir()
    real.mkdir()
    inbox.folder.symlink_to("real")
    mine = write(inbox.folder / "mine.jpg")
    with inbox.watched():
        other = write(inbox.folder / "other.jpg", picture(1))
        inbox.wait_for(2)
    assert inbox.sources() == sorted([str(mine), str(other)])


def test_a_link_is_taken_where_the_watch_says_so(inbox: Watched, secret: Path) -> None:
    link = inbox.folder / "link.jpg"
    link.symlink_to(secret)
    assert "left alone" not in once(inbox, "--follow-links")
    assert inbox.sources() == [str(link)]


def test_links_that_come_while_it_watches_and_works_are_left_alone_and_said_once(inbox: Watched, secret: Path) -> None:
    with inbox.watched("--work"):
        for number in range(3):
            (inbox.folder / f"{number}.jpg").symlink_to(secret)
        (inbox.folder / "sub").symlink_to(secret.parent)
        new = inbox.fileq.folder / "new"
        new.mkdir()
        (new / "evil.jpg").symlink_to(secret)
        new.rename(inbox.folder / "new")
        wait_until(lambda: inbox.said().get("left_alone") == {"outside": 4})
        mine = write(inbox.folder / "new" / "mine.jpg")
        wait_until(lambda: inbox.fileq.states() == {"done": 1})
    assert inbox.sources() == [str(mine)]
    assert inbox.errors().count("left alone") == 1
    assert len(files(inbox.fileq.folder / "out")) == 1


def test_the_config_says_it_and_is_read_again(inbox: Watched, secret: Path) -> None:
    link = inbox.folder / "link.jpg"
    link.symlink_to(secret)
    inbox.configure()
    with inbox.watched() as process:
        wait_until(lambda: inbox.said().get("left_alone") == {"outside": 1})
        assert inbox.queued() == 0
        inbox.configure("follow_links = true")
        process.send_signal(signal.SIGHUP)
        inbox.wait_for(1)
    assert inbox.sources() == [str(link)]


def test_the_hourly_rescan_leaves_it_alone_too(inbox: Watched, secret: Path) -> None:
    (inbox.folder / "link.jpg").symlink_to(secret)
    inbox.configure()
    inbox.fileq.run("schedule", "run", "rescan")
    assert inbox.queued() == 0
    inbox.configure("follow_links = true")
    inbox.fileq.run("schedule", "run", "rescan")
    assert inbox.queued() == 1


@needs_users
@pytest.mark.parametrize(
    ("owner", "folder_of", "mode"),
    [
        pytest.param(0, EVE, 0o755, id="root's file, in Eve's folder: that we are root makes it not ours to publish"),
        pytest.param(ADA, EVE, 0o755, id="Ada's file, in Eve's folder"),
        pytest.param(ADA, ADA, 0o1777, id="Ada's file, in her folder in which everybody may make links"),
        pytest.param(ADA, ADA, 0o775, id="Ada's file, in her folder in which a group may make links"),
        pytest.param(0, 0, 0o1777, id="root's file, in root's folder in which everybody may make links"),
    ],
)
def test_a_hard_link_that_another_may_have_made_is_left_alone(
    inbox: Watched, secret: Path, owner: int, folder_of: int, mode: int
) -> None:
    link = hard_link(inbox, secret, owner=owner, folder_of=folder_of, mode=mode)
    assert "1 link left alone: 1 is a hard link" in once(inbox)
    assert inbox.queued() == 0
    assert left_alone(inbox) == {"hard_link": 1}
    once(inbox, "--follow-links")
    assert inbox.sources() == [str(link)]


@needs_users
def test_a_hard_link_that_only_the_files_owner_can_have_made_is_taken(inbox: Watched, secret: Path) -> None:
    link = hard_link(inbox, secret, owner=ADA, folder_of=ADA)
    once(inbox)
    assert inbox.sources() == [str(link)]


def test_a_link_inside_to_such_a_hard_link_is_left_alone_too(inbox: Watched, secret: Path) -> None:
    hard_link(inbox, secret, owner=os.getuid(), folder_of=os.getuid(), mode=0o777)
    (inbox.folder / "link.jpg").symlink_to("drop/evil.jpg")
    once(inbox)
    assert inbox.queued() == 0


def test_a_file_that_gets_its_name_by_a_link_is_taken_and_no_event_was_missed(inbox: Watched) -> None:
    """As programs do that never overwrite: link, then take the other name away, at once or somewhat later."""
    drop = inbox.folder / "drop"
    drop.mkdir()
    drop.chmod(0o777)
    with inbox.watched():
        for number, wait in enumerate(("0", "1")):
            hidden = write(drop / f".{number}.tmp", picture(number))
            place = f"ln {hidden} {drop}/{number}.jpg; sleep {wait}; rm {hidden}"
            subprocess.run(["sh", "-c", place], check=True)
        inbox.wait_for(2)
        kept = inbox.said()
    once(inbox)
    assert len(inbox.sources()) == 2
    assert kept["missed"] == 0
    assert "system's events missed" not in inbox.errors()

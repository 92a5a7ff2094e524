"""Whatever goes wrong with the events, the folder or the system: the watcher recovers, and misses nothing."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import Program, wait_until
from tests.acceptance.watching import PICTURE, Watched, below, picture, stop, write


@pytest.fixture
def inbox(fileq: Program) -> Watched:
    return Watched(fileq)


def in_queue() -> int:
    """How many events the kernel keeps for a watcher that doesn't read them."""
    return int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())


def test_a_queue_that_overflows(inbox: Watched) -> None:
    """Each file is two events: made and closed. The watcher is frozen meanwhile."""
    (inbox.folder / "sub").mkdir()
    with inbox.watched() as process:
        process.send_signal(signal.SIGSTOP)
        sources = [write(inbox.folder / "sub" / f"{number}.jpg") for number in range(in_queue() // 2 + 500)]
        process.send_signal(signal.SIGCONT)
        inbox.wait_for(len(sources))
        write(inbox.folder / "later.jpg")
        inbox.wait_for(len(sources) + 1)
    assert "more events came than the system's queue holds" in inbox.errors()
    inbox.fileq.run("watch", *inbox.arguments, "--once")
    assert inbox.sources() == sorted(map(str, [*sources, inbox.folder / "later.jpg"]))


def test_a_folder_that_is_removed_and_made_again(inbox: Watched) -> None:
    with inbox.watched():
        write(inbox.folder / "a.jpg")
        inbox.wait_for(1)
        (inbox.folder / "a.jpg").rename(inbox.fileq.folder / "a.jpg")
        inbox.folder.rmdir()
        wait_until(lambda: inbox.said()["state"] == "offline")
        inbox.folder.mkdir()
        write(inbox.folder / "b.jpg")
        inbox.wait_for(2)
        (inbox.fileq.folder / "a.jpg").rename(inbox.folder / "a.jpg")
        write(inbox.folder / "c.jpg")
        inbox.wait_for(3)
    inbox.finish(*below(inbox.folder))


def test_a_folder_that_is_replaced_by_another(inbox: Watched) -> None:
    other = inbox.fileq.folder / "other"
    write(other / "b.jpg")
    with inbox.watched():
        inbox.folder.rename(inbox.fileq.folder / "old")
        other.rename(inbox.folder)
        inbox.wait_for(1)
        write(inbox.folder / "c.jpg")
        inbox.wait_for(2)
    inbox.finish(*below(inbox.folder))


@pytest.fixture
def drive(inbox: Watched) -> Iterator[Path]:
    """A file system of its own at the inbox. Mounting needs root."""
    yield inbox.folder
    subprocess.run(["umount", "-l", inbox.folder], check=False, capture_output=True)


def mount(folder: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)


def test_a_drive_that_is_mounted_unmounted_and_mounted_again(inbox: Watched, drive: Path) -> None:
    mount(drive)
    write(drive / "a.jpg")
    with inbox.watched():
        inbox.wait_for(1)
        inbox.fileq.run("worker", "--drain")
        subprocess.run(["umount", drive], check=True)
        wait_until(lambda: inbox.said()["rebuilt"] == 1)
        mount(drive)
        write(drive / "b.jpg")
        inbox.wait_for(2)
        write(drive / "c.jpg")
        inbox.wait_for(3)
    inbox.fileq.run("worker", "--drain")
    assert inbox.fileq.states() == {"done": 3}


def test_more_folders_than_the_system_watches(inbox: Watched) -> None:
    """A user namespace has a limit of its own."""
    for number in range(100):
        (inbox.folder / f"{number}").mkdir()
    limit = 'echo 30 > /proc/sys/user/max_inotify_watches; exec "$@"'
    inbox.fileq.keep_in_file()
    inbox.prefix = ["unshare", "--user", "--map-root-user", "sh", "-c", limit, "sh"]
    with inbox.watched():
        assert "fs.inotify.max_user_watches" in inbox.said()["problem"]
        sources = [write(inbox.folder / f"{number}" / "a.jpg", picture(number)) for number in range(100)]
        inbox.wait_for(100)
    inbox.prefix = []
    inbox.finish(*sources)


def test_a_folder_that_may_not_be_read_and_then_may(inbox: Watched) -> None:
    shut = inbox.folder / "shut"
    write(shut / "a.jpg")
    shut.chmod(0o000)
    if os.geteuid() == 0:  # root without its rights
        inbox.fileq.keep_in_file()
        inbox.prefix = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
    with inbox.watched() as process:
        assert str(shut) in inbox.said()["problem"]
        write(inbox.folder / "b.jpg")
        inbox.wait_for(1)
        shut.chmod(0o700)
        process.send_signal(signal.SIGHUP)
        inbox.wait_for(2)
    inbox.prefix = []
    inbox.finish(*below(inbox.folder))


def test_a_folder_behind_a_link_with_a_link_loop_inside(inbox: Watched) -> None:
    real = inbox.fileq.folder / "real"
    inbox.folder.rename(real)
    inbox.folder.symlink_to(real)
    (real / "loop").symlink_to(real)
    (real / "sub").mkdir()
    (real / "sub" / "up").symlink_to("..")
    (real / "circle.jpg").symlink_to("circle.jpg")
    write(real / "a.jpg")
    with inbox.watched() as process:
        write(real / "sub" / "b.jpg")
        write(inbox.folder / "c.jpg")
        inbox.wait_for(3)
        process.send_signal(signal.SIGHUP)
        write(inbox.folder / "d.jpg")
        inbox.wait_for(4)
    inbox.finish(*(inbox.folder / name for name in ("a.jpg", "sub/b.jpg", "c.jpg", "d.jpg")))


def test_a_folder_that_is_moved_out_and_made_again_keeps_being_watched(inbox: Watched) -> None:
    """In watchdog 7.1 this ends the thread that reads events."""
    with inbox.watched():
        write(inbox.folder / "sub" / "a.jpg")
        inbox.wait_for(1)
        for number in range(3):
            (inbox.folder / "sub").rename(inbox.fileq.folder / f"out-{number}")
            write(inbox.folder / "sub" / f"b{number}.jpg", picture(number))
            inbox.wait_for(2 + number)
        for path in below(inbox.folder):
            path.unlink()
        (inbox.folder / "sub").rmdir()
        write(inbox.folder / "sub" / "c.jpg")
        inbox.wait_for(5)


def test_folders_that_are_moved_out_and_back_under_another_name(inbox: Watched) -> None:
    """watchdog 7.1 does not hear any more what happens in them."""
    with inbox.watched():
        write(inbox.folder / "a" / "b" / "0.jpg")
        inbox.wait_for(1)
        inbox.fileq.run("worker", "--drain")
        for number in range(1, 4):
            (inbox.folder / "a").rename(inbox.fileq.folder / "away")
            (inbox.fileq.folder / "away").rename(inbox.folder / "a")
            write(inbox.folder / "a" / "b" / f"{number}.jpg", picture(number))
            inbox.wait_for(1 + number)
    assert inbox.said()["missed"] == 0
    inbox.finish(*below(inbox.folder))


def test_two_watchers_of_one_folder_are_one_too_many(inbox: Watched) -> None:
    with inbox.watched() as process:
        answer = inbox.fileq.run("watch", *inbox.arguments, expect=2)
        assert re.search(rf"watched already, by process {process.pid}", answer.stderr)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with inbox.watched() as other:
            stop(other)
        process.returncode = 0


def test_a_config_that_is_read_again(inbox: Watched) -> None:
    inbox.configure()
    more = inbox.fileq.folder / "more"
    more.mkdir()
    with inbox.watched() as process:
        config = inbox.fileq.folder / "fileq.toml"
        config.write_text(f'{config.read_text()}\n[[watch]]\npath = "more"\nrecipe = "thumbnail"\nout = "out/more"\n')
        write(inbox.folder / "a.jpg", PICTURE)
        process.send_signal(signal.SIGHUP)
        write(more / "b.jpg", PICTURE)
        inbox.wait_for(2)
    inbox.finish(inbox.folder / "a.jpg", more / "b.jpg")

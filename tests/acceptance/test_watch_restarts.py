"""Whenever the watcher or the worker is stopped or killed: the next one goes on, and nothing is lost or done twice."""

import json
import os
import random
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.acceptance.program import Program, files, kill_group, wait_until
from tests.acceptance.watching import LONG, Watched, below, picture, stop, write

KILLS, BURST = (20, 20_000) if LONG else (5, 1_200)


@pytest.fixture
def inbox(fileq: Program) -> Watched:
    return Watched(fileq)


def test_files_that_come_while_nobody_watches(inbox: Watched) -> None:
    with inbox.watched():
        write(inbox.folder / "a.jpg")
        inbox.wait_for(1)
    for number in range(1000):
        write(inbox.folder / f"{number % 7}" / f"{number}.jpg")
    with inbox.watched():
        inbox.wait_for(1001)
    inbox.fileq.run("watch", *inbox.arguments, "--once")
    assert inbox.sources() == sorted(map(str, below(inbox.folder)))


def burst(folder: Path, count: int) -> threading.Thread:
    """Files that come at their own pace, meanwhile."""

    def bring() -> None:
        for number in range(count):
            write(folder / f"{number % 20}" / f"{number}.jpg")

    thread = threading.Thread(target=bring)
    thread.start()
    return thread


def test_a_watcher_that_is_killed_again_and_again_in_a_burst(inbox: Watched) -> None:
    chance = random.Random(4)
    bringing = burst(inbox.folder, BURST)
    for _ in range(KILLS):
        process = inbox.start()
        before = inbox.queued()
        wait_until(lambda before=before: inbox.queued() > before or not bringing.is_alive())
        time.sleep(chance.uniform(0, 0.1))  # the random moment
        kill_group(process)
    bringing.join()
    with inbox.watched():
        inbox.wait_for(BURST)
    inbox.fileq.run("watch", *inbox.arguments, "--once")
    assert inbox.sources() == sorted(map(str, below(inbox.folder)))
    if "FILEQ_BROKER" not in inbox.fileq.environment:  # what a kill kept from a broker, workers send
        messages = [json.loads(data)["args"] for (data,) in inbox.fileq.ask("select data from task")]
        assert sum(map(len, messages)) == BURST


def test_sigterm_in_a_burst_ends_it_in_order(inbox: Watched) -> None:
    with inbox.watched() as process:
        bringing = burst(inbox.folder, BURST)
        inbox.wait_for(100)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        bringing.join()
    assert inbox.said()["state"] == "stopped"
    with inbox.watched() as process:
        inbox.wait_for(BURST)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    inbox.fileq.run("watch", *inbox.arguments, "--once")
    assert inbox.sources() == sorted(map(str, below(inbox.folder)))


def test_moves_that_are_killed_in_the_middle(inbox: Watched) -> None:
    """Two sub-folders have files of the same names, and some of these names are taken in the target."""
    done = inbox.fileq.folder / "done"
    recipe = '[recipes.both]\nsteps = [ { op = "resize", fit = "20x20" } ]\n'
    inbox.configure('recipe = "both"', 'after = "move"', f'move_to = "{done}"', recipes=recipe)
    count = 60
    for number in range(count):
        write(inbox.folder / f"{number}.jpg", picture(number))
        if number % 3 == 0:
            write(done / f"{number}.jpg", b"theirs")
    chance = random.Random(4)
    for _ in range(KILLS):
        process = inbox.start("--work", "--workers", "2")
        left = len(below(inbox.folder))
        wait_until(lambda left=left: len(below(inbox.folder)) < left or not left)
        time.sleep(chance.uniform(0, 0.05))  # the random moment
        kill_group(process)
    with inbox.watched("--work", "--workers", "2"):
        wait_until(lambda: not below(inbox.folder))
        wait_until(lambda: inbox.fileq.ask("select count(*) from dispositions") == [(0,)])
    names = {f"{number}-1.jpg" if number % 3 == 0 else f"{number}.jpg": picture(number) for number in range(count)}
    theirs = {f"{number}.jpg": b"theirs" for number in range(0, count, 3)}
    assert {name: (done / name).read_bytes() for name in files(done)} == names | theirs
    assert inbox.fileq.states() == {"done": count}
    assert len(files(inbox.fileq.folder / "out")) == count


def test_a_source_moves_with_only_a_worker_there(inbox: Watched) -> None:
    done, failed = inbox.fileq.folder / "done", inbox.fileq.folder / "failed"
    inbox.configure('after = "move"', f'move_to = "{done}"', f'failed_to = "{failed}"')
    write(inbox.folder / "sub" / "a.jpg")
    write(inbox.folder / "b.jpg", b"no picture, whatever its name says")
    inbox.fileq.run("watch", "--once")
    inbox.fileq.run("worker", "--drain")
    assert below(inbox.folder) == []
    assert (files(done), files(failed)) == (["sub/a.jpg"], ["b.jpg"])


def test_sources_are_deleted_once_their_outputs_stand(inbox: Watched) -> None:
    inbox.configure('after = "delete"')
    with inbox.watched("--work"):
        for number in range(20):
            write(inbox.folder / f"{number}.jpg", picture(number))
        wait_until(lambda: inbox.fileq.states() == {"done": 20})
        wait_until(lambda: not below(inbox.folder))
    assert len(files(inbox.fileq.folder / "out")) == 20


def test_systemd_hears_that_it_is_ready_alive_and_about_to_stop(inbox: Watched) -> None:
    address = str(inbox.fileq.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(60)
        inbox.fileq.environment |= {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "300000"}
        with inbox.watched("--work") as process:
            heard = [systemd.recv(100) for _ in range(4)]
            process.send_signal(signal.SIGTERM)
            while heard[-1] != b"STOPPING=1":
                heard.append(systemd.recv(100))
    assert heard[0] == b"READY=1"
    assert set(heard[1:-1]) == {b"WATCHDOG=1"}


def test_a_worker_of_its_own_ends_with_the_watcher(inbox: Watched) -> None:
    with inbox.watched("--work") as process:
        write(inbox.folder / "a.jpg")
        wait_until(lambda: inbox.fileq.states() == {"done": 1})
        stop(process)
    assert inbox.fileq.worker_pids() == []
    assert not os.path.exists(f"/proc/{process.pid}")

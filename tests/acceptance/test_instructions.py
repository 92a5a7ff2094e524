"""Workers are looked at, and asked to stop, to pause or to go on, from anywhere."""

import os
import re
from pathlib import Path

import pytest

from fileq.presence import hostname
from tests.acceptance.program import Program
from tests.support.photos import write


@pytest.fixture
def photos(fileq: Program) -> Path:
    write(fileq.folder / "photos", 3, (320, 240))
    return fileq.folder / "photos"


def test_status_and_doctor_name_the_hosts_where_there_are_several(fileq: Program, photos: Path) -> None:
    with fileq.worker("-w", "2"):
        (alone,) = fileq.json("status")["hosts"]
        assert (alone["host"], alone["workers"], alone["slots"], alone["state"]) == (hostname(), 1, 2, "working")
        assert "HOST" not in fileq.run("status").stdout
        fileq.pretend(
            "insert into workers (id, host, pid, process_started, queue, slots, started_at, heartbeat_at)"
            " select 1000, 'mill', 7, 'm/b/1/5', queue, 4, started_at, heartbeat_at from workers"
        )
        assert [host["host"] for host in fileq.json("status")["hosts"]] == sorted([hostname(), "mill"])
        assert re.search(r"mill +1 +4 +0 .* ago +working", fileq.run("status").stdout)
        hosts = next(check for check in fileq.json("doctor")["checks"] if check["name"] == "hosts")
        assert "mill: 1 worker, 4 slots, last sign of life" in hosts["message"]


def test_workers_are_listed_with_their_hosts(fileq: Program, photos: Path) -> None:
    assert fileq.json("workers") == []
    fileq.run("run", photos)
    with fileq.worker("-w", "2") as process:
        (worker,) = fileq.json("workers")
        assert (worker["host"], worker["pid"], worker["slots"]) == (hostname(), process.pid, 2)
        assert (worker["state"], worker["command"], worker["running"]) == ("working", "worker", 0)
        assert worker["seconds_since_seen"] < 60
        assert hostname() in fileq.run("workers").stdout
        process.kill()
        process.wait()
        assert fileq.json("workers")[0]["state"] == "gone"


@pytest.mark.parametrize("whose", ["all", "host", "host and pid", "host in other letters"])
def test_a_worker_stops_when_it_is_asked_to(fileq: Program, whose: str) -> None:
    with fileq.worker() as process:
        names = {"all": "--all", "host": hostname(), "host and pid": f"{hostname()}:{process.pid}",
                 "host in other letters": hostname().swapcase()}  # fmt: skip
        assert "1 worker asked to stop" in fileq.run("worker", "--stop", names[whose]).stdout
        assert process.wait(timeout=60) == 0
    assert fileq.json("workers") == []


def test_a_paused_worker_begins_nothing_until_it_is_to_go_on(fileq: Program, photos: Path) -> None:
    with fileq.worker() as process:
        fileq.run("worker", "--pause", hostname())
        assert fileq.json("workers")[0]["state"] == "paused"
        fileq.wait_until(lambda: os.path.exists(f"/proc/{process.pid}"))
        fileq.run("run", photos)  # its own worker is not meant
        fileq.run("add", photos, "-r", "thumbnail", expect=0)
        assert fileq.states() == {"done": 3, "queued": 3}
        fileq.run("worker", "--resume", "--all")
        fileq.run("wait")
        assert fileq.states() == {"done": 6}


BAD = {
    "no host": (["--stop"], 2, "Name hosts"),
    "both": (["--stop", "nas", "--all"], 2, "Name hosts"),
    "two things at once": (["--stop", "--pause", "--all"], 2, "Say one of"),
    "a host and nothing to do": (["nas"], 2, "Say one of"),
    "nobody there": (["--stop", "nas"], 2, "No worker is on a host nas"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_is_said(fileq: Program, what: str) -> None:
    fileq.run("status")
    arguments, code, said = BAD[what]
    assert said in fileq.run("worker", *arguments, expect=code).stderr


def test_for_a_host_without_workers_those_are_named_that_have_some(fileq: Program) -> None:
    with fileq.worker():
        assert f"There are workers on {hostname()}." in fileq.run("worker", "--pause", "nas", expect=2).stderr


@pytest.mark.parametrize("whose", ["--all", "nas"])
def test_to_stop_workers_of_a_database_that_is_not_there_makes_none(fileq: Program, whose: str) -> None:
    fileq.keep_in_file()
    said = fileq.run("worker", "--stop", whose, expect=2).stderr
    assert f"There is no database {fileq.database}, so no worker is there." in said
    assert list(fileq.folder.iterdir()) == []


def test_to_stop_all_where_nobody_works_is_done_at_once(fileq: Program) -> None:
    fileq.run("status")
    assert fileq.run("worker", "--stop", "--all").stdout == "No worker is there.\n"

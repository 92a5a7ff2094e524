"""Messages on a broker: one that is killed, flushed, frozen or away for a while costs no job, and no job a try."""

import json
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import Program, kill_group
from tests.support.photos import write
from tests.support.redis import RedisServer, own_redis

JOBS = 300


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with own_redis() as server:
        yield server


@pytest.fixture
def fileq(fileq: Program, server: RedisServer) -> Program:
    fileq.environment["FILEQ_BROKER"] = server.address
    return fileq


def messages(server: RedisServer) -> int:
    """How many messages of all queues wait on the server."""
    keys = server.ask("keys", "huey.redis.*")
    assert isinstance(keys, list)
    return sum(int(str(server.ask("zcard", key))) for key in keys)


def enter_many(fileq: Program, count: int) -> None:
    write(fileq.folder / "many", count, (64, 48))
    assert f"{count} files queued" in fileq.run("add", "many").stdout


def wait_for(fileq: Program, done: int) -> None:
    fileq.wait_until(lambda: fileq.states().get("done", 0) >= done)


def check_all_done(fileq: Program, count: int) -> None:
    assert fileq.states() == {"done": count}
    assert fileq.ask("select max(tries) from jobs") == [(1,)], "no job is to blame"
    assert len(list((fileq.folder / "many" / "web").iterdir())) == count


def test_the_main_path_leaves_nothing_on_the_server(fileq: Program, photos: Path, server: RedisServer) -> None:
    assert "8 files queued" in fileq.run("add", "photos").stdout
    assert messages(server) == 8
    assert fileq.json("status")["jobs"]["queued"] == 8
    fileq.run("worker", "--drain")
    assert fileq.states() == {"done": 8}
    fileq.run("run", "photos", "-r", "thumbnail")
    assert fileq.states() == {"done": 16}
    assert messages(server) == 0
    assert "takes messages" in fileq.run("doctor").stdout


def test_a_worker_that_waits_is_woken_and_pause_and_cancel_hold(fileq: Program, photos: Path) -> None:
    with fileq.worker():
        time.sleep(2)  # by now it looks once a second
        for name in ("webp", "jpeg", "png"):
            fileq.run("add", "photos/IMG_0001.jpg", "-r", name)
            fileq.wait_until(lambda: set(fileq.states()) == {"done"})
        waits = fileq.ask("select started_at - added_at from jobs")
        assert sorted(waits)[1][0] < 0.5, waits
        fileq.run("pause")
        fileq.run("add", "photos", "-r", "thumbnail")
        fileq.run("cancel", "4")
        fileq.run("resume")
        fileq.wait_until(lambda: fileq.states() == {"done": 10, "cancelled": 1})
        fileq.run("retry", "4", "--wait")
        assert fileq.states() == {"done": 11}


def killed(server: RedisServer) -> None:
    server.kill()
    time.sleep(random.uniform(0.1, 1.0))
    server.start()


def flushed(server: RedisServer) -> None:
    server.ask("flushall")


def frozen(server: RedisServer) -> None:
    server.freeze()
    time.sleep(random.uniform(0.5, 5.0))
    server.thaw()


def cut_off(server: RedisServer) -> None:
    server.ask("client", "kill", "type", "normal")


@pytest.mark.parametrize("trouble", [killed, flushed, frozen, cut_off])
def test_trouble_of_the_server_amid_many_jobs_costs_none_of_them_a_try(
    fileq: Program, server: RedisServer, trouble: Callable[[RedisServer], None]
) -> None:
    enter_many(fileq, JOBS)
    workers = [fileq.start("worker", "--drain", "--workers", "2") for _ in range(2)]
    try:
        for done in (20, 90, 160, 230):
            wait_for(fileq, done)
            trouble(server)
        said = [worker.communicate(timeout=120)[1] for worker in workers]
    finally:
        for worker in workers:
            kill_group(worker)
    assert [worker.returncode for worker in workers] == [0, 0], said
    assert b"Traceback" not in b"".join(said)
    assert all(text.count(b"can't be reached") <= 4 for text in said), "it is said once each time"
    check_all_done(fileq, JOBS)


def test_workers_that_are_killed_lose_no_message_that_they_took(fileq: Program, server: RedisServer) -> None:
    enter_many(fileq, 120)
    for done in (10, 40, 70):
        with fileq.worker("--workers", "2"):
            wait_for(fileq, done)
    began = time.monotonic()
    fileq.run("worker", "--drain")
    assert time.monotonic() - began < 50, "nothing was waited for"
    check_all_done(fileq, 120)


def test_files_are_added_while_the_server_is_away_and_begin_once_it_is_back(
    fileq: Program, photos: Path, server: RedisServer, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    with said.open("wb") as stderr, fileq.worker(stderr=stderr) as worker:
        server.kill()
        answer = fileq.run("add", "photos", "--json")
        assert json.loads(answer.stdout)["queued"] == 8
        assert "can't be reached" in answer.stderr
        assert "The jobs are queued" in answer.stderr
        assert "can't be reached" in fileq.run("doctor", expect=1).stdout
        time.sleep(3)
        assert fileq.states() == {"queued": 8}
        server.start()
        fileq.wait_until(lambda: fileq.states() == {"done": 8})
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=20) == 0
    text = said.read_text("utf-8")
    assert text.count("can't be reached") in (1, 2), text  # its end may be seen, and then that it is not there
    assert "The broker answers again" in text


def test_a_run_ends_in_words_where_the_server_lets_nobody_in(fileq: Program, photos: Path, server: RedisServer) -> None:
    server.ask("config", "set", "requirepass", "secret")
    for command in (["run", "photos"], ["worker", "--drain"], ["worker"]):
        answer = fileq.run(*command, expect=3)
        assert "does not let this user in" in answer.stderr
    assert fileq.states() == {"queued": 8}, "nothing is lost"
    path = server.address.removeprefix("unix://")
    fileq.environment |= {"FILEQ_BROKER": f"unix://:${{PASSWORD}}@{path}", "PASSWORD": "secret"}
    assert "secret" not in fileq.run("worker", "--drain", "-v").stderr
    assert "secret" not in fileq.run("config").stdout
    assert fileq.states() == {"done": 8}


def test_a_full_server_is_said_and_the_jobs_begin_once_it_has_room(
    fileq: Program, photos: Path, server: RedisServer, tmp_path: Path
) -> None:
    server.ask("config", "set", "maxmemory", "1")
    said = tmp_path / "said"
    with said.open("wb") as stderr, fileq.worker(stderr=stderr):
        assert "its memory is full" in fileq.run("add", "photos").stderr
        fileq.wait_until(lambda: "its memory is full" in said.read_text("utf-8"))
        server.ask("config", "set", "maxmemory", "0")
        fileq.wait_until(lambda: fileq.states() == {"done": 8})


@pytest.mark.parametrize("address", ["http://localhost", "localhost:6379", "redis://:a/b@localhost", "redis://h?x=1"])
def test_what_is_no_address_of_a_broker_queues_nothing(fileq: Program, photos: Path, address: str) -> None:
    fileq.environment["FILEQ_BROKER"] = address
    answer = fileq.run("add", "photos", expect=2)
    assert "broker" in answer.stderr
    assert not fileq.states()


def test_a_worker_that_names_no_broker_is_refused_while_others_use_one(
    fileq: Program, photos: Path, server: RedisServer
) -> None:
    with fileq.worker():
        del fileq.environment["FILEQ_BROKER"]
        answer = fileq.run("worker", "--drain", expect=3)
        assert f"Other workers of this database take their messages from the broker {server.address}" in answer.stderr
        assert "and this config names none" in fileq.run("doctor", expect=1).stdout
        fileq.run("add", "photos/IMG_0001.jpg")
        fileq.run("run", "photos/IMG_0002.jpg")
        fileq.wait_until(lambda: fileq.states() == {"done": 2})
    fileq.run("add", "photos")
    fileq.run("worker", "--drain")
    assert fileq.states() == {"done": 8}


def test_a_worker_with_another_broker_than_others_is_refused_and_both_are_named(
    fileq: Program, photos: Path, server: RedisServer
) -> None:
    with own_redis() as other, fileq.worker():
        fileq.environment["FILEQ_BROKER"] = other.address
        answer = fileq.run("worker", "--drain", expect=3)
        assert "Another worker of this database" in answer.stderr
        assert f"from the broker {server.address}, and this config names {other.address}" in answer.stderr
        assert f"the broker {server.address}, and this config names {other.address}" in told_by_doctor(fileq, "bad")
        fileq.environment["FILEQ_BROKER"] = server.address
        assert "answers, and takes messages" in told_by_doctor(fileq, "ok")
    fileq.environment["FILEQ_BROKER"] = server.address
    fileq.run("add", "photos")
    fileq.run("worker", "--drain")
    assert fileq.states() == {"done": 8}


def test_one_broker_by_two_names_is_one_also_once_it_is_started_again(
    fileq: Program, photos: Path, server: RedisServer, tmp_path: Path
) -> None:
    with fileq.worker():
        fileq.environment["FILEQ_BROKER"] = f"{server.address}?db=0"
        assert told_by_doctor(fileq, "ok") == f"{server.address}?db=0 answers, and takes messages."
        server.kill()
        server.start()
        fileq.run("add", "photos")
        fileq.run("wait")
        fileq.run("worker", "--drain")
        assert "sent again" in told_by_doctor(fileq, "warning")


def told_by_doctor(fileq: Program, state: str) -> str:
    checks = fileq.json("doctor", expect=1 if state == "bad" else 0)["checks"]
    check = next(check for check in checks if check["name"] == "broker")
    assert check["state"] == state, check
    return str(check["message"])

"""Nothing is lost, whatever is killed. Small here; FILEQ_LONG_TESTS=1 kills 50 times while 300 jobs run."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from tests.acceptance.program import Program, files, kill_group

LONG = bool(os.environ.get("FILEQ_LONG_TESTS"))
JOBS, KILLS = (300, 50) if LONG else (60, 8)


@pytest.fixture
def many(fileq: Program, small_photos: list[Path]) -> Path:
    folder = fileq.folder / "many"
    folder.mkdir()
    for number in range(JOBS):
        shutil.copy(small_photos[number % 8], folder / f"{number:04}.jpg")
    return folder


def kill_everything(process, chance: random.Random) -> None:
    kill_group(process)


def kill_only_the_worker(process, chance: random.Random) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def kill_only_a_child(process, chance: random.Random) -> None:
    there = children(process)
    for child in chance.sample(there, k=min(1, len(there))):
        with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            child.kill()


def children(process) -> list[psutil.Process]:
    """The slots' own processes: they are children of the fork server."""
    found = []
    for server in psutil.Process(process.pid).children():
        with suppress(psutil.NoSuchProcess):
            found += server.children()
    return found


@pytest.mark.parametrize("kill", [kill_everything, kill_only_the_worker, kill_only_a_child])
def test_every_job_is_done_once_however_often_something_is_killed(
    fileq: Program, many: Path, kill: Callable[..., None]
) -> None:
    chance = random.Random(17)
    fileq.run("add", many, "-r", "web")
    kills = 0
    while kills < KILLS and fileq.states().get("done", 0) < JOBS:
        with fileq.worker("--workers", "2") as process:
            time.sleep(chance.uniform(0.05, 0.5))  # the random moment
            kill(process, chance)
            kills += 1
            while kill is kill_only_a_child and kills < KILLS and fileq.states().get("done", 0) < JOBS:
                time.sleep(chance.uniform(0.02, 0.2))
                kill(process, chance)
                kills += 1
    fileq.run("worker", "--drain")
    assert fileq.states() == {"done": JOBS}
    assert files(many / "web") == [f"{number:04}.jpg" for number in range(JOBS)]
    assert fileq.ask("select max(attempts) from jobs")[0][0] <= kills + 1
    assert all(whole(many / "web" / name) for name in files(many / "web"))


def whole(path: Path) -> bool:
    from PIL import Image

    with Image.open(path) as image:
        image.load()
        return image.format == "JPEG"


def test_add_killed_in_the_middle_loses_nothing_when_it_is_repeated(fileq: Program) -> None:
    count = 50_000 if LONG else 10_000
    folder = fileq.folder / "empty"
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:05}.jpg").touch()
    for _ in range(3):
        process = fileq.start("add", folder)
        fileq.wait_until(lambda: fileq.ask("select 1 from jobs limit 1"))
        kill_group(process)
    receipt = fileq.json("add", folder)
    assert receipt["queued"] + receipt["already_queued"] == count
    assert fileq.ask("select count(*), count(distinct source) from jobs") == [(count, count)]
    assert fileq.ask("select count(*) from jobs where message_id is null") == [(0,)]


def test_no_process_outlives_a_worker_that_was_killed(fileq: Program, many: Path) -> None:
    fileq.run("add", many)
    with fileq.worker("--workers", "2") as process:
        fileq.wait_until(lambda: len(children(process)) == 2)
        family = offspring(process)
        kill_only_the_worker(process, random.Random(1))
        fileq.wait_until(lambda: not any(alive(one) for one in family))


def test_a_program_that_a_job_runs_ends_with_the_worker_and_leaves_nothing(fileq: Program, photos: Path) -> None:
    script = "import sys, time; open(sys.argv[2], 'w').write('half'); time.sleep(1000)"
    argv = f'["python3", "-c", "{script}", "{{source}}", "{{output}}"]'
    fileq.trust(f'[recipes.slow]\nsteps = [ {{ op = "command", argv = {argv} }} ]\n')
    fileq.run("add", photos / "IMG_0001.jpg", "-r", "slow")
    with fileq.worker("--workers", "1") as process:
        fileq.wait_until(lambda: files(photos / "slow"))  # made for the program, which may not have begun yet
        fileq.wait_until(lambda: any("time.sleep(1000)" in command_line(one) for one in offspring(process)))
        family = offspring(process)
        kill_only_the_worker(process, random.Random(1))
        fileq.wait_until(lambda: not any(alive(one) for one in family))
    with fileq.worker():
        fileq.wait_until(lambda: fileq.ask("select 1 from attempts where outcome = 'worker died'"))
        fileq.run("cancel", "--all")
        fileq.wait_until(lambda: not files(photos / "slow"))


def offspring(process) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it has just ended
        return ""


def alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_first_sigterm_lets_running_jobs_end_and_exits_with_0(fileq: Program, many: Path) -> None:
    fileq.run("add", many)
    with fileq.worker("--workers", "2") as process:
        fileq.wait_until(lambda: fileq.states().get("done", 0) > 3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    states = fileq.states()
    assert set(states) <= {"done", "queued"}
    assert sum(states.values()) == JOBS
    assert fileq.worker_pids() == []
    fileq.run("worker", "--drain")
    assert fileq.states() == {"done": JOBS}


def freeze_between_transactions(fileq: Program, worker: subprocess.Popen[bytes]) -> None:
    """Amid one, it would keep the database locked for as long as it is frozen: that is SQLite's way.

    PostgreSQL ends the transaction after a while.
    """
    while True:
        os.kill(worker.pid, signal.SIGSTOP)
        if fileq.server is not None:
            return
        connection = sqlite3.connect(fileq.database, timeout=0.2, isolation_level=None)
        with closing(connection), suppress(sqlite3.OperationalError):
            connection.execute("begin immediate")
            return
        os.kill(worker.pid, signal.SIGCONT)


def test_a_frozen_worker_that_wakes_up_publishes_nothing(fileq: Program, photos: Path) -> None:
    slow = [
        "python3",
        "-c",
        "import sys, time, shutil; time.sleep(3); shutil.copy(*sys.argv[1:])",
        "{source}",
        "{output}",
    ]
    quoted = ", ".join(f'"{word}"' for word in slow)
    fileq.trust(f'[worker]\nheartbeat = "100ms"\n[recipes.slow]\nsteps = [ {{ op = "command", argv = [{quoted}] }} ]\n')
    fileq.run("add", photos / "IMG_0001.jpg", "-r", "slow")
    with fileq.worker("--workers", "1") as frozen:
        fileq.wait_until(lambda: fileq.states().get("running"))
        freeze_between_transactions(fileq, frozen)
        time.sleep(1.0)  # ten heartbeats: past what a worker may be silent
        fileq.run("worker", "--drain", "--workers", "1")
        assert fileq.states() == {"done": 1}
        output = photos / "slow" / "IMG_0001.jpg"
        published = os.stat(output)
        os.kill(frozen.pid, signal.SIGCONT)
        fileq.wait_until(lambda: frozen.pid in fileq.worker_pids())  # it signs on again
        frozen.send_signal(signal.SIGTERM)
        assert frozen.wait(60) == 0  # what it had begun has ended, whichever way
        assert os.stat(output).st_ino == published.st_ino
        assert fileq.ask("select attempts, state from jobs") == [(2, "done")]
        assert files(photos / "slow") == ["IMG_0001.jpg"]

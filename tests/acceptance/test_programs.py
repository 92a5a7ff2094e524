"""Programs that recipes run: whoever is killed, nothing of them runs on, and nothing that they wrote is left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.acceptance.program import Program, files, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to the supervisor")

FAMILY = (
    "n=0; while :; do n=$((n+1)); cp $1 $2.$n; sleep 0.01; done & "
    "setsid sh -c 'while :; do cp $0 $1.away; sleep 0.01; done' $1 $2 & "
    "(sleep 1000 &); sleep 1000"
)
"""It writes beside its output all the time, also from a session of its own."""

CONFIG = f"""
[worker]
attempts = 1
heartbeat = "200ms"

[recipes.busy]
steps = [ {{ op = "command", argv = ["sh", "-c", "{FAMILY}", "sh", "{{source}}", "{{output}}"] }} ]
"""


def family(folder: Path) -> list[psutil.Process]:
    """Whoever was to write below a folder, by the environment of its program."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            inside = process.environ().get("FILEQ_OUTPUT", "").startswith(f"{folder}{os.sep}")
            if inside and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def kill_all(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # it has ended meanwhile, as the programs of these do all the time
            process.kill()


def servers(worker: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(worker.pid).children()


def kill_the_worker(worker: subprocess.Popen[bytes]) -> None:
    worker.kill()


def kill_the_group(worker: subprocess.Popen[bytes]) -> None:
    os.killpg(worker.pid, signal.SIGKILL)


def kill_the_child(worker: subprocess.Popen[bytes]) -> None:
    for server in servers(worker):
        kill_all(server.children())


def kill_the_supervisor(worker: subprocess.Popen[bytes]) -> None:
    for server in servers(worker):
        for child in server.children():
            kill_all(child.children())


def kill_the_worker_the_child_and_the_supervisor(worker: subprocess.Popen[bytes]) -> None:
    offspring = psutil.Process(worker.pid).children(recursive=True)
    kill_all([*filter(is_python, offspring), psutil.Process(worker.pid)])


def is_python(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return "python" in process.name()
    return False


def stop_at_once(worker: subprocess.Popen[bytes]) -> None:
    worker.terminate()
    time.sleep(0.5)  # two signals at the same time are one
    worker.terminate()


@pytest.fixture
def busy(fileq: Program, photos: Path) -> Iterator[Path]:
    """The folder in which the program of the one job will write."""
    fileq.trust(CONFIG)
    fileq.run("add", photos / "IMG_0001.jpg", "-r", "busy")
    yield photos / "busy"
    kill_all(family(photos / "busy"))


@pytest.mark.parametrize(
    "kill",
    [
        kill_the_worker,
        kill_the_group,
        kill_the_child,
        kill_the_supervisor,
        kill_the_worker_the_child_and_the_supervisor,
        stop_at_once,
    ],
)
def test_nothing_of_a_program_is_left_whoever_is_killed(
    fileq: Program, busy: Path, kill: Callable[[subprocess.Popen[bytes]], None]
) -> None:
    with fileq.worker("--workers", "1") as worker:
        wait_until(lambda: len(files(busy)) > 3)
        first = {process.pid for process in family(busy)}
        kill(worker)
        if kill is not kill_the_worker_the_child_and_the_supervisor:  # then only who carries on can end them
            wait_until(lambda: not first & {process.pid for process in family(busy)})
    with fileq.worker("--workers", "1"):
        wait_until(lambda: len(fileq.ask("select 1 from attempts")) > 1)
        assert not first & {process.pid for process in family(busy)}
        fileq.run("cancel", "--all")
        wait_until(lambda: not family(busy))
        wait_until(lambda: not files(busy))


def test_nothing_of_a_program_is_left_when_its_job_takes_too_long(fileq: Program, busy: Path) -> None:
    fileq.run("worker", "--drain", "--timeout", "1s")
    assert fileq.ask("select state, error_kind from jobs") == [("failed", "timeout")]
    assert family(busy) == []
    assert files(busy) == []


def test_a_program_that_writes_to_its_source_changes_no_original(fileq: Program, photos: Path) -> None:
    fileq.trust("""
    [recipes.careless]
    steps = [ { op = "command", argv = ["sh", "-c", 'cp "$0" "$1"; echo damage >> "$0"', "{source}", "{output}"] } ]
    """)
    original = photos / "IMG_0001.jpg"
    content = original.read_bytes()
    fileq.run("recipes", "--preview", original, "-r", "careless")
    assert original.read_bytes() == content
    fileq.run("run", original, "-r", "careless")
    assert original.read_bytes() == content
    assert fileq.ask("select state from jobs") == [("done",)]

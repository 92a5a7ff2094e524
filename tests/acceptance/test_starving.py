"""With the real command: what a worker had taken when it was killed or stopped is done before what came later."""

import json
import shutil
import signal
from pathlib import Path
from subprocess import Popen

import pytest

from tests.acceptance.program import Program, kill_group

FILES = 640
"""So many small ones that a message names sixteen jobs."""


@pytest.fixture
def retried(fileq: Program, small_photos: list[Path]) -> list[int]:
    """Jobs whose messages lie in the queue, and that wait for another try."""
    if "FILEQ_BROKER" in fileq.environment:
        pytest.skip("it is about messages in the database, and this run has a broker: see test_broker.py")
    folder = fileq.folder / "many"
    folder.mkdir()
    for number in range(FILES):
        shutil.copy(small_photos[number % 8], folder / f"{number:04}.jpg")
    fileq.run("add", folder, "-r", "thumbnail")
    fileq.pretend("update jobs set state = 'waiting', due_at = 1")
    return [job for (job,) in fileq.ask("select id from jobs")]


def work_a_little(fileq: Program, process: Popen[bytes]) -> None:
    fileq.wait_until(lambda: fileq.states().get("done", 0) >= 20 or process.poll() is not None)


def without_message(fileq: Program) -> list[int]:
    unfinished = {job for (job,) in fileq.ask("select id from jobs where state in ('queued', 'running', 'waiting')")}
    return sorted(
        unfinished - {job for (data,) in fileq.ask("select data from task") for job in json.loads(data)["args"]}
    )


@pytest.mark.usefixtures("retried")
def test_a_worker_that_is_stopped_loses_no_message(fileq: Program) -> None:
    with fileq.worker("--workers", "2") as process:
        work_a_little(fileq, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert fileq.states()["waiting"] > 0
    assert without_message(fileq) == []


@pytest.mark.usefixtures("retried")
def test_what_a_killed_worker_had_taken_is_done_first_by_the_next_one(fileq: Program) -> None:
    lost: list[int] = []
    while not lost:  # it may have been between two messages
        with fileq.worker("--workers", "2") as process:
            work_a_little(fileq, process)
            kill_group(process)
        lost = without_message(fileq)
    ((ended,),) = fileq.ask("select count(*) from jobs where state = 'done'")
    with fileq.worker("--workers", "2"):
        fileq.wait_until(lambda: fileq.states()["done"] >= ended + len(lost) + 64)
    states = dict(fileq.ask("select id, state from jobs"))
    assert {states[job] for job in lost} == {"done"}

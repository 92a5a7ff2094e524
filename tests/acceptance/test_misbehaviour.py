"""A job that crashes, hangs or eats memory fails alone: the others are done, and the worker lives."""

import os
from pathlib import Path

import pytest

from tests.acceptance.plugin import install
from tests.acceptance.program import Program, files

CONFIG = """
[worker]
attempts = 2
retry_delay = "100ms"
timeout = "2s"
memory = "300 MiB"

[recipes.bad]
steps = [ {{ op = "{operation}" }} ]
"""


@pytest.mark.parametrize(("operation", "kind"), [("crash", "crashed"), ("hang", "timeout"), ("gorge", "memory")])
def test_a_job_that_misbehaves_fails_alone_after_its_attempts(
    fileq: Program, photos: Path, operation: str, kind: str
) -> None:
    fileq.environment["PYTHONPATH"] = str(install(fileq.folder))
    fileq.configure(CONFIG.format(operation=operation))
    fileq.run("add", photos / "IMG_0001.jpg", "-r", "bad")
    fileq.run("add", photos, "-r", "web")
    with fileq.worker("--workers", "2") as worker:
        fileq.wait_until(lambda: fileq.states() == {"done": 8, "failed": 1})
        assert worker.poll() is None
    job = fileq.json("list", "--state", "failed")[0]
    assert (job["error"]["kind"], job["attempts"]) == (kind, 2)
    assert job["error"]["hint"]
    assert files(photos / "web") == [f"IMG_{number:04}.jpg" for number in range(1, 9)]


def test_a_running_job_that_is_cancelled_stops_at_once(fileq: Program, photos: Path) -> None:
    fileq.environment["PYTHONPATH"] = str(install(fileq.folder))
    fileq.configure(CONFIG.format(operation="hang").replace('"2s"', '"10m"'))
    fileq.run("add", photos / "IMG_0001.jpg", "-r", "bad")
    with fileq.worker():
        fileq.wait_until(lambda: fileq.states() == {"running": 1})
        fileq.run("cancel", "1")
        assert fileq.states() == {"cancelled": 1}
        fileq.run("add", photos / "IMG_0002.jpg", "--wait")
    assert fileq.states() == {"cancelled": 1, "done": 1}


def test_the_second_signal_stops_now_and_gives_the_job_back(fileq: Program, photos: Path) -> None:
    fileq.environment["PYTHONPATH"] = str(install(fileq.folder))
    fileq.configure(CONFIG.format(operation="hang").replace('"2s"', '"10m"'))
    fileq.run("add", photos / "IMG_0001.jpg", "-r", "bad")
    said = fileq.folder / "said"
    with said.open("wb") as log, fileq.worker(stderr=log) as worker:
        fileq.wait_until(lambda: fileq.states() == {"running": 1})
        worker.terminate()
        fileq.wait_until(lambda: b"Stopping" in said.read_bytes())
        worker.terminate()
        assert worker.wait(60) == 0
    assert fileq.states() == {"queued": 1}
    assert fileq.ask("select tries, attempts from jobs") == [(0, 1)]


def test_a_retry_in_seconds_is_none_in_hours_when_the_clock_is_set_back(fileq: Program, photos: Path) -> None:
    fileq.environment["PYTHONPATH"] = str(install(fileq.folder))
    fileq.configure(CONFIG.format(operation="crash").replace("100ms", "3s"))
    fileq.run("add", photos / "IMG_0001.jpg", "-r", "bad")
    with fileq.worker():
        fileq.wait_until(lambda: fileq.states() == {"waiting": 1})
    for column in ("attempts set started_at = started_at", "attempts set finished_at = finished_at"):
        fileq.pretend(f"update {column} + 21600")
    fileq.pretend("update jobs set due_at = due_at + 21600")
    fileq.pretend("update schedule set timestamp = timestamp + 21600")
    fileq.run("worker", "--drain")
    assert fileq.ask("select state, tries from jobs") == [("failed", 2)]


@pytest.mark.parametrize("command", [["recipes"], ["status"], ["run", "."], ["worker", "--drain"]])
def test_a_plug_in_that_cannot_be_loaded_is_told_in_one_line_and_no_traceback(
    fileq: Program, command: list[str]
) -> None:
    site = install(fileq.folder)
    (site / "misbehave-1.0.dist-info" / "entry_points.txt").write_text("[fileq.operations]\nnone = misbehave:None_\n")
    fileq.environment["PYTHONPATH"] = os.pathsep.join([str(site), fileq.environment.get("PYTHONPATH", "")])
    answer = fileq.run(*command, expect=3)
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1
    assert answer.stderr.startswith("Error: The operation none of the package misbehave can't be loaded")


KILLER = """
[worker]
heartbeat = "200ms"

[recipes.deadly]
steps = [ { op = "command", argv = ["sh", "-c", 'sleep 0.2; kill -9 $(cat PID); sleep 9', "{source}", "{output}"] } ]
outputs = [ { name = "{stem}.out", format = "same" } ]

[recipes.slow]
steps = [ { op = "command", argv = ["sh", "-c", 'sleep 0.4; cp "$0" "$1"', "{source}", "{output}"] } ]
outputs = [ { name = "{stem}.out", format = "same" } ]
"""


def test_a_job_that_kills_its_worker_each_time_fails_alone_and_takes_no_neighbour_along(
    fileq: Program, photos: Path
) -> None:
    fileq.trust(KILLER.replace("PID", str(fileq.folder / "worker.pid")))
    sources = sorted(photos.glob("*.jpg"))
    fileq.run("add", sources[0], "-r", "deadly")
    fileq.run("add", *sources[1:], "-r", "slow")
    for _ in range(20):
        with fileq.worker("--workers", "4", "--drain") as worker:
            (fileq.folder / "worker.pid").write_text(str(worker.pid))
            worker.wait(60)
        if worker.returncode != -9:
            break
    assert fileq.states() == {"done": len(sources) - 1, "failed": 1}
    (failed,) = fileq.json("list", "--state", "failed")
    assert (failed["recipe"], failed["error"]["kind"]) == ("deadly", "crashed")
    assert fileq.ask("select deaths from jobs where state = 'done' order by 1 desc")[0] <= (4,)

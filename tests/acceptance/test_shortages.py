"""Where fileq itself has too few handles, or too little memory: no job is to blame, and none is lost."""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.acceptance.program import Program, kill_group

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of other systems are others")

BOUND = 120.0
"""Seconds: more than the minute for which a command waits for what it lacks, far less than for ever."""


def limited(what: int, value: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(what, (value, resource.getrlimit(what)[1]))


def end_of(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    try:
        _, said = process.communicate(timeout=BOUND)
    finally:
        kill_group(process)
    return process.returncode, said.decode()


@pytest.mark.parametrize("megabytes", [50, 150, 200])
@pytest.mark.parametrize("command", [["worker", "--drain"], ["run", "photos"], ["watch", "photos", "--work", "--once"]])
def test_little_memory_ends_in_work_done_or_a_sentence_and_never_hangs(
    fileq: Program, photos: Path, command: list[str], megabytes: int
) -> None:
    fileq.run("add", photos / "IMG_0001.jpg", photos / "IMG_0002.jpg", "-r", "webp")
    code, said = end_of(fileq.start(*command, preexec_fn=limited(resource.RLIMIT_AS, megabytes * 2**20)))
    assert code in (0, 3), said
    assert "Traceback" not in said
    assert code == 0 or "memory" in said or "thread" in said
    assert fileq.ask("select count(*) from jobs where tries > 1 or state not in ('queued', 'done')") == [(0,)]
    fileq.run("worker", "--drain")
    assert set(fileq.states()) == {"done"}


@pytest.mark.parametrize("handles", [8, 12])
def test_far_too_few_handles_end_a_worker_with_a_sentence(fileq: Program, photos: Path, handles: int) -> None:
    fileq.run("add", photos)
    code, said = end_of(fileq.start("worker", preexec_fn=limited(resource.RLIMIT_NOFILE, handles)))
    assert code == 3
    assert "ulimit -n" in said
    assert "Traceback" not in said
    assert fileq.states() == {"queued": 8}


def test_jobs_wait_for_handles_and_are_done_at_the_first_try_once_there_are_enough(
    fileq: Program, photos: Path
) -> None:
    fileq.run("add", photos)
    said = fileq.folder / "said"
    with said.open("wb") as log:
        worker = fileq.start("worker", "--workers", "2", stderr=log, preexec_fn=limited(resource.RLIMIT_NOFILE, 18))
        try:
            fileq.wait_until(lambda: b"may open no more files" in said.read_bytes() or worker.poll() is not None)
            time.sleep(1.5)  # it tries again meanwhile
            untried = [("queued", 0, 0)]
            fileq.wait_until(lambda: fileq.ask("select distinct state, tries, deaths from jobs") == untried)
            lift(worker)
            fileq.wait_until(lambda: fileq.states() == {"done": 8})
            fileq.wait_until(lambda: "fileq has what it needs again" in said.read_text())
        finally:
            kill_group(worker)
    assert fileq.ask("select distinct tries, deaths from jobs") == [(1, 0)]
    assert said.read_text().count("Jobs wait until that is over") == 1  # scheduled tasks may say that they wait, too
    assert "Traceback" not in said.read_text()


def lift(worker: subprocess.Popen[bytes]) -> None:
    for process in [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]:
        with suppress(ProcessLookupError):
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (1024, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


IMPATIENT = """
import sys
import fileq.worker.worker as worker_module
from fileq.cli import run
if __name__ == "__main__":
    worker_module._GIVEN_UP = 2.0  # and not a minute
    sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize("command", [["worker", "--drain"], ["run", "photos"]])
def test_who_waits_for_the_end_is_told_after_a_while_and_the_jobs_stay_queued(
    fileq: Program, photos: Path, command: list[str]
) -> None:
    if "run" not in command:
        fileq.run("add", photos)
    (fileq.folder / "impatient.py").write_text(IMPATIENT)
    process = subprocess.Popen(
        [sys.executable, "impatient.py", *command], cwd=fileq.folder, env=fileq.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        preexec_fn=limited(resource.RLIMIT_NOFILE, 18),  # noqa: PLW1509  # one thread runs here
    )  # fmt: skip
    code, said = end_of(process)
    assert code == 3, said
    assert "What is left waits in the queue." in said
    assert "Traceback" not in said
    fileq.run("worker", "--drain")
    assert fileq.ask("select distinct state, tries, deaths from jobs") == [("done", 1, 0)]

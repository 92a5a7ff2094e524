"""Workers of another host, on this machine: a process has a hostname of its own where it has unshared that."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.acceptance.program import PATIENCE, Program, files, kill_group, wait_until

_OTHER = ("unshare", "--uts", "sh", "-c", 'hostname other-host && exec "$@"', "sh")

SCRIPT = 'sleep 0.2; cp "$0" "$1"'

COPY = f"""
[worker]
heartbeat = "200ms"
retry_delay = "2s"

[recipes.copy]
steps = [ {{ op = "command", argv = ["sh", "-c", '{SCRIPT}', "{{source}}", "{{output}}"] }} ]
"""
"""It takes its time, so that there is one amid which somebody dies; and what comes of it is known to the byte."""

SILENCE = 6 * 0.2
"""Seconds after which another host's worker is gone, by that heartbeat."""


def why_not() -> str:
    """Say why there can be no other host here; "" where there can."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return "another host is made by unshare(1), which Linux has"
    tried = subprocess.run([*_OTHER, "true"], capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else f"another host needs root here: {tried.stderr.strip()}"


@contextmanager
def other_host(fileq: Program, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of another host that is there while the block runs."""
    process = subprocess.Popen(
        [*_OTHER, sys.executable, "-m", "fileq", "worker", *arguments],
        cwd=fileq.folder, env=fileq.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        wait_until(lambda: process.pid in fileq.worker_pids())
        yield process
    finally:
        kill_group(process)


def freeze(fileq: Program, process: subprocess.Popen[bytes]) -> None:
    """Stop a worker's group between two transactions: amid one, nobody else could write until it goes on."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        os.killpg(process.pid, signal.SIGSTOP)
        with closing(sqlite3.connect(fileq.database, timeout=0.3, isolation_level=None)) as connection:
            try:
                connection.execute("begin immediate")
            except sqlite3.OperationalError:
                os.killpg(process.pid, signal.SIGCONT)
                time.sleep(0.01)
            else:
                return
    raise AssertionError("it was amid a transaction at every moment")


def freeze_amid_a_job(fileq: Program, process: subprocess.Popen[bytes]) -> None:
    """The same, with a job of it under way: that it was so a moment before is not enough."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        freeze(fileq, process)
        if is_amid_a_job(fileq, worker_id(fileq, process)):
            return
        thaw(process)
        time.sleep(0.01)
    raise AssertionError("it was between two jobs at every moment")


def thaw(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGCONT)


def add(fileq: Program, motifs: list[Path], numbers: range, *options: str) -> list[str]:
    """Add as many pictures of one folder, and return their names."""
    inbox = fileq.folder / "inbox"
    inbox.mkdir(exist_ok=True)
    names = [f"{number:05}.jpg" for number in numbers]
    for number, name in zip(numbers, names, strict=True):
        shutil.copy(motifs[number % len(motifs)], inbox / name)
    fileq.run("add", *(inbox / name for name in names), "-r", "copy", "-o", fileq.folder / "out", *options)
    return names


def worker_id(fileq: Program, process: subprocess.Popen[bytes]) -> int:
    """Under which it has signed on last."""
    ((found,),) = fileq.ask("select max(id) from workers where pid = ?", process.pid)
    return int(found)


def done_by(fileq: Program, worker: int) -> int:
    return int(fileq.ask("select count(*) from attempts where worker_id = ? and outcome = 'done'", worker)[0][0])


def is_amid_a_job(fileq: Program, worker: int) -> bool:
    return bool(fileq.ask("select 1 from attempts where worker_id = ? and outcome is null", worker))


def inodes(folder: Path) -> dict[str, int]:
    """Of what has a final name: whoever publishes again gives another one."""
    return {name: (folder / name).stat().st_ino for name in files(folder) if ".fileq-" not in name}


def all_well(fileq: Program, names: list[str], *, known: tuple[str, ...] = ()) -> None:
    """Every job was done once, every output is whole, nothing else is there, and doctor finds no more than `known`."""
    assert fileq.states() == {"done": len(names)}
    done = "select count(*) from attempts where outcome = 'done' group by job_id having count(*) > 1"
    assert fileq.ask(done) == []
    assert files(fileq.folder / "out") == sorted(names)
    for name in names:
        assert (fileq.folder / "out" / name).read_bytes() == (fileq.folder / "inbox" / name).read_bytes()
    assert [name for name in files(fileq.folder) if ".fileq-" in name] == []
    # The next worker takes over from those that were killed; from another host's once it has been silent for a while.
    wait_until(lambda: fileq.run("worker", "--drain") and not fileq.worker_pids())
    answer = fileq.json("doctor")
    wrong = [check for check in answer["checks"] if check["state"] != "ok" and check["name"] not in known]
    assert answer["ok"], wrong
    assert not wrong, wrong

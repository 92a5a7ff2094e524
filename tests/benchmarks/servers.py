"""The queue on servers beside others: `python -m tests.benchmarks.servers [COUNT] [ROUNDS] [PYTHON]`.

Jobs that do nothing, by two slots and by eight workers; adding; how soon an idle worker begins. The servers are
PostgreSQL and Valkey of the test extra's, with fsync as they come. PYTHON is one that has procrastinate, celery, huey,
redis and psycopg; a tool that it lacks has no row. A round has all tools, one after another; the table has medians.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from fileq.config import load_config
from fileq.ledger import Ledger
from fileq.ledger.queries.overview import JobSelection
from fileq.process import child
from fileq.worker.worker import Worker
from tests.benchmarks.empty_child import answer_nothing
from tests.benchmarks.queue import add, empty_files, say
from tests.support.postgres import own_schema, own_server
from tests.support.redis import own_redis

if TYPE_CHECKING:
    from collections.abc import Iterator

_PEERS = Path(__file__).with_name("server_peers.py")
_WORKERS, _WAKE_UPS = 8, 15
_ME = "tests.benchmarks.servers"


class Fileq:
    """fileq on PostgreSQL, with a child that makes nothing: what is left is the price of the protocol."""

    name = "fileq"

    def __init__(self, postgres: str, redis: str, folder: Path) -> None:
        del redis
        self._postgres, self._folder = postgres, folder
        self._config = load_config()

    @contextmanager
    def fresh(self) -> Iterator[str]:
        with own_schema(self._postgres) as address:
            Ledger(address).close()
            yield address

    def add(self, address: str) -> float:
        """Return the seconds for each file of the folder."""
        count = sum(len(files) for _, _, files in os.walk(self._folder))
        return add(address, [str(self._folder)], self._config.settings) / count

    def work(self, address: str, workers: int) -> float:
        """Return the jobs a second, from the first end to the last."""
        slots = 2 if workers == 1 else 1
        command = [sys.executable, "-m", _ME, "--drain", address, str(slots)]
        for process in [subprocess.Popen(command) for _ in range(workers)]:
            assert process.wait() == 0
        ledger = Ledger(address)
        ended = sorted(job.finished_at or 0.0 for job in ledger.overview.list_jobs(JobSelection()))
        ledger.close()
        return len(ended) / (ended[-1] - ended[0])

    def wake(self, address: str) -> float:
        """Return the median seconds from an add to the begin of its job, of an idle worker."""
        command = [sys.executable, "-m", "fileq", "--database", address, "worker", "--workers", "2"]
        with tempfile.TemporaryDirectory() as name, running(command, quiet=True):
            for number in range(_WAKE_UPS):
                (path := Path(name, f"{number}.jpg")).touch()
                add(address, [str(path)], self._config.settings)
                time.sleep(0.3)
        ledger = Ledger(address)
        waits = [(job.started_at or 0.0) - job.added_at for job in ledger.overview.list_jobs(JobSelection())]
        ledger.close()
        return median(waits)


class Peer:
    """Another tool, in processes of its own."""

    def __init__(self, name: str, python: str, postgres: str, redis: str, count: int) -> None:
        self.name = name
        self._start = [python, str(_PEERS), name]
        self._count, self._postgres, self._redis = count, postgres, redis

    @property
    def is_there(self) -> bool:
        look = [self._start[0], "-c", f"import {self.name}"]
        return subprocess.run(look, capture_output=True, check=False).returncode == 0

    @contextmanager
    def fresh(self) -> Iterator[str]:
        from tests.support.redis import ask_broker

        ask_broker(self._redis, "FLUSHALL")
        with own_schema(self._postgres) as address:
            import psycopg

            with psycopg.connect(self._postgres, autocommit=True) as connection:
                connection.execute(f"create schema {address.rpartition('%3D')[2]}".encode())
            self._ask("make", address)
            yield address

    def _command(self, action: str, address: str) -> list[str]:
        return [*self._start, action, str(self._count), address, self._redis]

    def _ask(self, action: str, address: str) -> Any:
        answered = subprocess.run(self._command(action, address), check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(answered.stdout) if answered.stdout else None

    def add(self, address: str) -> float:
        return float(self._ask("add", address))

    def work(self, address: str, workers: int) -> float:
        command = self._command("work" if workers == 1 else "drain", address)
        processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(workers)]
        lines = [line for process in processes for line in process.communicate()[0].splitlines()]
        said = [json.loads(line) for line in lines if line.startswith("[")]  # others are what Celery says of itself
        counts, firsts, lasts = zip(*said, strict=True)
        assert sum(counts) == self._count, f"{self.name} did {sum(counts)} of {self._count}"
        return float(sum(counts) / (max(lasts) - min(firsts)))

    def wake(self, address: str) -> float:
        with running(self._command("serve", address), quiet=False) as worker:
            for _ in range(_WAKE_UPS):
                self._ask("send", address)
                time.sleep(0.3)
        assert worker.stdout is not None
        return median(float(line) for line in worker.stdout if line[0].isdigit())


@contextmanager
def running(command: list[str], *, quiet: bool) -> Iterator[subprocess.Popen[str]]:
    """Have a worker run, and idle, while the block lasts."""
    worker = subprocess.Popen(
        command, stdout=subprocess.DEVNULL if quiet else subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    time.sleep(4)
    yield worker
    worker.kill()  # some of them wait for no end of their own
    worker.wait()


def drain(address: str, slots: int) -> None:
    """Do all jobs that there are, as one worker."""
    child.serve = answer_nothing
    with Worker(address, load_config(), slots=slots, drain=True, periodic=False) as worker:
        worker.run()


def measure(tool: Fileq | Peer) -> dict[str, float]:
    figures = {}
    with tool.fresh() as address:
        figures["add, µs"] = tool.add(address) * 1e6
        figures["2 slots, jobs/s"] = tool.work(address, 1)
    with tool.fresh() as address:
        tool.add(address)
        figures[f"{_WORKERS} workers, jobs/s"] = tool.work(address, _WORKERS)
    with tool.fresh() as address:
        figures["idle to begin, ms"] = tool.wake(address) * 1e3
    return figures


def main(count: int, rounds: int, python: str) -> None:
    with tempfile.TemporaryDirectory() as name, own_server() as postgres, own_redis() as redis:
        empty_files(Path(name), count)
        peers = [Peer(tool, python, postgres.address, redis.address, count) for tool in PEERS]
        tools: list[Fileq | Peer] = [
            Fileq(postgres.address, redis.address, Path(name)),
            *(peer for peer in peers if peer.is_there),
        ]
        found: dict[str, list[dict[str, float]]] = {tool.name: [] for tool in tools}
        for _ in range(rounds):
            for tool in tools:
                found[tool.name].append(measure(tool))
        for what in found["fileq"][0]:
            middle = {tool: median(figures[what] for figures in all_) for tool, all_ in found.items()}
            say(what, "  ".join(f"{tool} {figure:,.0f}" for tool, figure in middle.items()))


PEERS = ("procrastinate", "huey", "celery")

if __name__ == "__main__":
    if sys.argv[1:2] == ["--drain"]:
        drain(sys.argv[2], int(sys.argv[3]))
    else:
        main(
            int(sys.argv[1]) if len(sys.argv) > 1 else 5_000,
            int(sys.argv[2]) if len(sys.argv) > 2 else 3,
            sys.argv[3] if len(sys.argv) > 3 else sys.executable,
        )

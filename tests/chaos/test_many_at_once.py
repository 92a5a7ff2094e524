"""Many at once: workers, adders, a watcher, and somebody who cancels, retries and cleans.

FILEQ_CHAOS=long takes longer, and repeats with seeds.
"""

import itertools
import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.acceptance.program import PATIENCE, Program, files
from tests.chaos import hosts
from tests.chaos.world import processes_with

LONG = os.environ.get("FILEQ_CHAOS") == "long"
SECONDS, SEEDS = (180.0, range(4)) if LONG else (12.0, range(1))
WORKERS, ADDERS, EACH = 6, 3, 15

pytestmark = pytest.mark.timeout(3600 if LONG else 300)


class Crowd:
    """People who do something again and again, at the same time, until the time is over."""

    def __init__(self, fileq: Program, motifs: list[Path], seed: int) -> None:
        self.fileq, self.motifs, self.seed = fileq, motifs, seed
        self._ends_at = time.monotonic() + SECONDS
        self._counter = itertools.count()
        self._lock = threading.Lock()
        self.cancelled = 0

    def act(self) -> list[str]:
        """Return the names of all files that were added or came in."""
        acts = [self._add] * ADDERS + [self._drop, self._meddle]
        with ThreadPoolExecutor(len(acts)) as pool:
            ways = [pool.submit(self._again, act, random.Random(f"{self.seed} {n}")) for n, act in enumerate(acts)]
            return [name for way in ways for name in way.result()]

    def _again(self, act: Callable[[random.Random], list[str]], chance: random.Random) -> list[str]:
        names = []
        while time.monotonic() < self._ends_at:
            names += act(chance)
        return names

    def _numbers(self) -> range:
        with self._lock:
            start = next(self._counter) * EACH
        return range(start, start + EACH)

    def _add(self, _: random.Random) -> list[str]:
        return hosts.add(self.fileq, self.motifs, self._numbers())

    def _drop(self, _: random.Random) -> list[str]:
        """Files come into the watched folder."""
        names = [f"{number:05}.jpg" for number in self._numbers()]
        for name, motif in zip(names, itertools.cycle(self.motifs), strict=False):
            shutil.copy(motif, self.fileq.folder / "watched" / name)
        self.fileq.run("watch", "--once")
        return names

    def _meddle(self, chance: random.Random) -> list[str]:
        """Cancel some, retry some of those that are cancelled, and clean."""
        unfinished = self._ids("state in ('queued', 'running')")
        self._call("cancel", *chance.sample(unfinished, min(8, len(unfinished))))
        cancelled = self._ids("state = 'cancelled'")
        self.cancelled += len(cancelled)
        self._call("retry", *chance.sample(cancelled, len(cancelled) // 2))
        self._call("clean", "--older-than", "1h")
        return []

    def _ids(self, condition: str) -> list[str]:
        return [str(job_id) for (job_id,) in self.fileq.ask(f"select id from jobs where {condition}")]

    def _call(self, command: str, *arguments: str) -> None:
        """As it may go: some of what was to be cancelled or retried has ended, or been taken, meanwhile."""
        if arguments:
            process = self.fileq.start(command, *arguments)
            _, said = process.communicate(timeout=PATIENCE)
            assert process.returncode in (0, 1), said
            assert b"Traceback" not in said, said


def retry_cancelled(fileq: Program) -> None:
    cancelled = [str(job) for (job,) in fileq.ask("select id from jobs where state = 'cancelled'")]
    if cancelled:
        fileq.run("retry", *cancelled)
        fileq.wait_until(lambda: set(fileq.states()) == {"done"})


@pytest.mark.parametrize("seed", SEEDS)
def test_many_at_once_lose_and_double_nothing(fileq: Program, motifs: list[Path], seed: int) -> None:
    moved, watched = fileq.folder / "moved", fileq.folder / "watched"
    watched.mkdir()
    keys = f'path = "{watched}"\nrecipe = "copy"\nout = "{fileq.folder}/out"\nafter = "move"\nmove_to = "{moved}"\n'
    fileq.trust(f'{hosts.COPY}\n[[watch]]\nsettle = "100ms"\n{keys}')
    with ExitStack() as stack:
        workers = [stack.enter_context(fileq.worker("--workers", "1")) for _ in range(WORKERS)]
        crowd = Crowd(fileq, motifs, seed)
        names = crowd.act()
        assert crowd.cancelled
        fileq.run("watch", "--once")
        fileq.wait_until(lambda: set(fileq.states()) <= {"done", "cancelled"})
        retry_cancelled(fileq)
        fileq.wait_until(lambda: not files(watched))
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        assert [worker.wait(60) for worker in workers] == [0] * WORKERS
        fileq.wait_until(lambda: not processes_with(f"FILEQ_DATABASE={fileq.database}"))
    for path in moved.iterdir():
        shutil.move(path, fileq.folder / "inbox" / path.name)
    hosts.all_well(fileq, names)

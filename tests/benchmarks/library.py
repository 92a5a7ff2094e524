"""The library: `python -m tests.benchmarks.library [ROUNDS]`.

How long `import fileq` takes, and the add of one file beside a worker that does what is added, with the ledger in a
file and on a PostgreSQL server: the whole, the processor's time in it, and one flush of the same disk. The picture is
small, and the adds are as far apart as uploads are: the worker is done before the next one.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from PIL import Image

import fileq
from tests.benchmarks.queue import say
from tests.support.postgres import own_schema, own_server

_ADDS, _APART, _FLUSHES = 200, 0.05, 200


def import_time() -> float:
    """Return the seconds that `import fileq` takes, by Python's own account."""
    command = [sys.executable, "-X", "importtime", "-c", "import fileq"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return int(re.findall(r"\| +(\d+) \| fileq$", said, re.MULTILINE)[0]) / 1e6


def flush_time(folder: Path) -> float:
    """Return the median seconds that the folder's disk takes for 4 KiB."""
    seconds = []
    with (folder / "flushed").open("wb", buffering=0) as file:
        for _ in range(_FLUSHES):
            file.write(bytes(4096))
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            seconds.append(time.perf_counter() - begun)
    return median(seconds)


@contextmanager
def working(database: str):
    """Have a worker while the block runs."""
    command = [sys.executable, "-m", "fileq", "--database", database, "worker", "--workers", "2"]
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(3)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()


def add_times(database: str, paths: Sequence[Path]) -> tuple[list[float], list[float]]:
    """Return the seconds of each add, and those of the processor's in it."""
    walls, processor = [], []
    with fileq.connect(database) as queue, working(database):
        for path in paths:
            begun, used = time.perf_counter(), time.thread_time()
            queue.add(path, "thumbnail")
            walls.append(time.perf_counter() - begun)
            processor.append(time.thread_time() - used)
            time.sleep(_APART)
    return walls[10:], processor[10:]


def measure(name: str, database: str, folder: Path) -> None:
    paths = [folder / f"{number}.jpg" for number in range(_ADDS)]
    folder.mkdir()
    for path in paths:
        Image.new("RGB", (64, 48), "teal").save(path)
    flush = flush_time(folder)
    walls, processor = add_times(database, paths)
    tenth = sorted(walls)[len(walls) * 9 // 10]
    say(
        f"add, {name}",
        f"{median(walls) * 1e3:.2f} ms (of ten one takes {tenth * 1e3:.2f}), {median(processor) * 1e3:.2f} of them the"
        f" processor's; a flush {flush * 1e3:.2f} ms",
    )


def main(rounds: int) -> None:
    say("import fileq", f"{median(import_time() for _ in range(15)) * 1e3:.1f} ms")
    with tempfile.TemporaryDirectory() as name, own_server() as server:
        for number in range(rounds):
            measure("SQLite", f"{name}/{number}.db", Path(name, f"file-{number}"))
            with own_schema(server.address) as address:
                measure("PostgreSQL", address, Path(name, f"server-{number}"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)

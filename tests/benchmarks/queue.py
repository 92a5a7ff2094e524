"""The queue itself: `python -m tests.benchmarks.queue [COUNT]`.

Adding COUNT files, jobs that make nothing through two slots with every promise kept, how soon an idle worker begins,
what waiting costs, and how fast status answers.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil

from fileq import intake
from fileq.config import Config, Settings, load_config
from fileq.ledger import Ledger
from fileq.ledger.queries.overview import JobSelection
from fileq.process import child
from fileq.worker.worker import Worker
from tests.benchmarks.empty_child import answer_nothing


def empty_files(folder: Path, count: int) -> None:
    for number in range(count):
        below = folder / str(number // 1000)
        if number % 1000 == 0:
            below.mkdir(parents=True)
        (below / f"{number:06}.jpg").touch()


def add(database: Path | str, paths: list[str], settings: Settings) -> float:
    """Seconds for queueing `paths`, walk included."""
    ledger = Ledger(str(database))
    begun = time.perf_counter()
    intake.add_files(ledger, intake.AddRequest(paths=paths, recipes=[settings.recipes["web"]]), now=time.time())
    seconds = time.perf_counter() - begun
    ledger.close()
    return seconds


def jobs_per_second(database: Path, config: Config) -> tuple[float, float, float]:
    """Of all jobs, of the first thousand and of the last thousand."""
    child.serve = answer_nothing
    with Worker(str(database), config, slots=2, drain=True, periodic=False) as worker:
        worker.run()
    ledger = Ledger(str(database))
    ended = sorted(job.finished_at or 0.0 for job in ledger.overview.list_jobs(JobSelection()))
    ledger.close()
    thousand = min(1000, len(ended) - 1)
    return (
        len(ended) / (ended[-1] - ended[0]),
        thousand / (ended[thousand] - ended[0]),
        thousand / (ended[-1] - ended[-1 - thousand]),
    )


def whole_command(database: Path, *arguments: str, runs: int = 7) -> float:
    """Median seconds of a whole `fileq` process."""
    environment = os.environ | {"FILEQ_DATABASE": str(database)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    seconds = []
    for _ in range(runs):
        begun = time.perf_counter()
        command = [sys.executable, "-m", "fileq", *arguments]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        seconds.append(time.perf_counter() - begun)
    return median(seconds)


def idle_worker(folder: Path, settings: Settings) -> tuple[float, float]:
    """The share of a core that waiting costs, and the median seconds from add to begin."""
    database = folder / "idle.db"
    command = [sys.executable, "-m", "fileq", "worker", "--workers", "2"]
    environment = os.environ | {"FILEQ_DATABASE": str(database)}
    worker = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(3)
    process = psutil.Process(worker.pid)
    before = sum(process.cpu_times()[:2])
    time.sleep(20)
    share = (sum(process.cpu_times()[:2]) - before) / 20
    for number in range(9):
        path = folder / f"idle-{number}.jpg"
        path.touch()
        add(database, [str(path)], settings)
        time.sleep(0.5)
    worker.terminate()
    worker.wait()
    ledger = Ledger(str(database))
    waits = [(job.started_at or 0.0) - job.added_at for job in ledger.overview.list_jobs(JobSelection())]
    ledger.close()
    return share, median(waits)


def main(count: int) -> None:
    config = load_config()
    settings = config.settings
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        empty_files(folder / "files", count)
        database = folder / "ledger.db"
        seconds = add(database, [str(folder / "files")], settings)
        say(f"adding {count:,} files", f"{seconds / count * 1e6:.0f} µs a file, {count / seconds:,.0f} a second")
        say(f"status with {count:,} jobs", f"{whole_command(database, 'status') * 1000:.0f} ms")
        one = folder / "one.jpg"
        one.touch()
        whole = whole_command(folder / "one.db", "add", str(one))
        say(
            "the whole command that adds one file", f"{whole * 1000:.0f} ms; Python alone {bare_python() * 1000:.0f} ms"
        )
        rate, first, last = jobs_per_second(database, config)
        say("jobs that make nothing, two slots", f"{rate:,.0f} a second")
        say("the first thousand, the last thousand", f"{first:,.0f} and {last:,.0f} a second")
        share, wait = idle_worker(folder, settings)
        say("an idle worker", f"{share * 100:.2f} % of a core, begins a job after {wait * 1000:.0f} ms")


def bare_python() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - begun


def say(what: str, figure: str) -> None:
    sys.stdout.write(f"{what:<40} {figure}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)

"""Watching a folder: `python -m tests.benchmarks.watching [FILES-IN-A-BURST [KNOWN-FILES]]`.

How soon a file is queued after it was closed, what a burst loses, how soon a full folder is caught up with, what
waiting costs. Beside it what people use else: inotifywait with a shell loop and incron, where they are installed, and
a plain watchdog script. Those write a line into a file for each event, and look at nothing else; fileq's files are on
disk.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil

from tests.acceptance.watching import PICTURE

_SINGLE_FILES = 100
_APART = 0.05
_GIVEN_UP_AFTER = 5.0
_IDLE_SECONDS = 20.0

WATCHDOG = """
import sys, time
from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer
log = open(sys.argv[2], "a", buffering=1)
class Handler(FileSystemEventHandler):
    def on_closed(self, event): print(event.src_path, file=log)
observer = Observer()
observer.schedule(Handler(), sys.argv[1], recursive=True)
observer.start()
print("ready", file=log)
while True: time.sleep(1)
"""
SHELL = """
inotifywait -m -q -r -e close_write,moved_to --format %w%f "$1" | while read -r file; do echo "$file" >> "$2"; done
"""
INCRON = r"""
home=$(dirname "$2"); mkdir -p "$home/tables" "$home/users"
echo "$1 IN_CLOSE_WRITE,IN_MOVED_TO /bin/sh -c \"echo \$@/\$# >> $2\"" > "$home/tables/watch"
printf 'system_table_dir = %s\nuser_table_dir = %s\nlockfile_dir = %s\nlockfile_name = incrond\n' \
  "$home/tables" "$home/users" "$home" > "$home/incron.conf"
exec incrond -n -f "$home/incron.conf"
"""


class Peer:
    """A watcher that writes what it hears into a file."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        self._command = command

    def start(self, inbox: Path, home: Path) -> subprocess.Popen[bytes]:
        self._log = home / "log"
        self._log.touch()
        return subprocess.Popen([*self._command, str(inbox), str(self._log)], start_new_session=True)

    def has(self, path: Path) -> bool:
        return f"{path}\n" in self._log.read_text()

    def count(self) -> int:
        return len(set(self._log.read_text().splitlines()) - {"ready"})


class Fileq:
    name = "fileq"

    def start(self, inbox: Path, home: Path) -> subprocess.Popen[bytes]:
        self._database = home / "ledger.db"
        command = [sys.executable, "-m", "fileq", "--quiet", "--database", str(self._database), "watch", str(inbox)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)

    def has(self, path: Path) -> bool:
        return bool(self.ask("select 1 from jobs where source = ?", str(path)))

    def count(self) -> int:
        return int((self.ask("select count(*) from jobs") or [(0,)])[0][0])

    def caught_up(self) -> bool:
        said = self.ask("select status_json from watches")
        return bool(said) and '"state": "events"' in said[0][0]

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        if not self._database.exists():
            return []
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=30)) as connection:
            try:
                return connection.execute(query, values).fetchall()
            except sqlite3.OperationalError:  # it isn't made yet
                return []


@contextmanager
def watching(peer: "Peer | Fileq", inbox: Path, home: Path) -> Iterator[psutil.Process]:
    process = peer.start(inbox, home)
    try:
        yield psutil.Process(process.pid)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(condition: Callable[[], bool], seconds: float = 600.0) -> float:
    """How long it took to come true; infinity where it did not."""
    begun = time.perf_counter()
    while not condition():
        if time.perf_counter() - begun > seconds:
            return float("inf")
        time.sleep(0.0005)
    return time.perf_counter() - begun


def warmed_up(peer: "Peer | Fileq", inbox: Path) -> None:
    """Bring files until one is heard of."""
    number = 0
    while True:
        path = inbox / f"warm{number}.jpg"
        path.write_bytes(PICTURE)
        if until(lambda: peer.has(path), 0.5) < 0.5:  # noqa: B023  # it is called at once
            return
        number += 1


def latencies(peer: "Peer | Fileq", inbox: Path) -> list[float]:
    found = []
    for number in range(_SINGLE_FILES):
        path = inbox / f"single{number}.jpg"
        path.write_bytes(PICTURE)
        found.append(until(lambda: peer.has(path), _GIVEN_UP_AFTER))  # noqa: B023  # it is called at once
        time.sleep(_APART)
    return found


def burst(peer: "Peer | Fileq", inbox: Path, count: int) -> tuple[float, float, int]:
    """Seconds for writing the files, seconds after that until the last was queued, and how many never were."""
    before = peer.count()
    begun = time.perf_counter()
    for number in range(count):
        (inbox / f"burst{number}.jpg").write_bytes(PICTURE)
    written = time.perf_counter()
    last, at = before, written
    while last < before + count and time.perf_counter() - at < _GIVEN_UP_AFTER:
        now = peer.count()
        if now > last:
            last, at = now, time.perf_counter()
        time.sleep(0.02)
    return written - begun, max(0.0, at - written), before + count - last


def idle(process: psutil.Process) -> tuple[float, float]:
    """The share of a core that waiting takes, in percent, and the memory in MB, of a process and its children."""
    family = [process, *process.children(recursive=True)]
    before = sum(sum(one.cpu_times()[:2]) for one in family)
    time.sleep(_IDLE_SECONDS)
    used = sum(sum(one.cpu_times()[:2]) for one in family) - before
    return 100 * used / _IDLE_SECONDS, sum(one.memory_info().rss for one in family) / 1e6


def measure(peer: "Peer | Fileq", count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        inbox, home = Path(folder, "inbox"), Path(folder, "home")
        inbox.mkdir()
        home.mkdir()
        with watching(peer, inbox, home) as process:
            warmed_up(peer, inbox)
            single = latencies(peer, inbox)
            share, memory = idle(process)
            writing, after, lost = burst(peer, inbox, count)
    p99 = quantiles(single, n=100)[98]
    say(
        f"{peer.name:<24} close to queued: median {1000 * median(single):.1f} ms, p99 {1000 * p99:.1f} ms;"
        f" idle {share:.2f} % of a core, {memory:.0f} MB;"
        f" burst of {count:,} in {writing:.1f} s: the last after {after:.2f} s, {lost:,} lost"
    )


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def known(count: int) -> None:
    """How soon fileq has caught up with a folder whose files it knows, what it has of memory then, and a recovery."""
    with tempfile.TemporaryDirectory() as folder:
        inbox, home = Path(folder, "inbox"), Path(folder, "home")
        home.mkdir()
        for number in range(count):
            path = inbox / f"{number // 1000}" / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(PICTURE)
        peer = Fileq()
        with watching(peer, inbox, home) as process:
            new = until(lambda: peer.count() == count)
            until(peer.caught_up)
            most = process.memory_info().rss / 1e6
        with watching(peer, inbox, home) as process:
            until(lambda: not peer.caught_up(), 1.0)
            seconds = until(peer.caught_up)
            memory = process.memory_info().rss / 1e6
            moved = Path(folder, "moved")
            inbox.rename(moved)
            until(lambda: '"state": "offline"' in peer.ask("select status_json from watches")[0][0])
            moved.rename(inbox)
            recovered = until(peer.caught_up)
    say(f"fileq, {count:,} new files: queued in {new:.1f} s, {most:.0f} MB; known files at start: {seconds:.2f} s,")
    say(f"{memory:.0f} MB; all of them taken away and brought back: {recovered:.2f} s")


def main(count: int, existing: int) -> None:
    peers: list[Peer | Fileq] = [Fileq(), Peer("plain watchdog script", [sys.executable, "-c", WATCHDOG])]
    if shutil.which("inotifywait"):
        peers.append(Peer("inotifywait, shell loop", ["sh", "-c", SHELL, "sh"]))
    if shutil.which("incrond") and os.geteuid() == 0:  # it takes its tables from root alone
        peers.append(Peer("incron", ["sh", "-c", INCRON, "sh"]))
    for peer in peers:
        measure(peer, count)
    known(existing)


if __name__ == "__main__":
    main(*(int(word) for word in (sys.argv[1:] + ["20000", "100000"][len(sys.argv) - 1 :])))

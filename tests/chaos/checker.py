"""What must be true after any run, whatever has gone wrong in it."""

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from tests.chaos.steps import StepKind
from tests.chaos.world import BROKEN, World

Tree = dict[str, str]
"""The digest of each file, by its path below the world's roots. Without fileq's own state."""

MOST_ATTEMPTS = 8
"""Of a job that was disturbed once: its three tries, a person's three more, and two that were killed."""

PATIENCE = 10.0
"""Seconds that processes have to end after their command has. A lifeline ends them at once."""


class Harm(StrEnum):
    LOST = "lost"
    PARTIAL = "partial"
    DOUBLED = "doubled"
    ORIGINAL = "original harmed"
    STAYED = "stayed"
    """An original is where it was, and not where it was asked to go."""
    LEFT_OVER = "left over"
    LEDGER = "ledger wrong"
    HUNG = "hung"
    COMPLAINT = "complaint"


@dataclass(frozen=True)
class Problem:
    harm: Harm
    text: str

    def __str__(self) -> str:
        return f"{self.harm}: {self.text}"


@dataclass(frozen=True, kw_only=True)
class Reference:
    """How a scenario goes where nothing goes wrong."""

    before: Tree
    end: Tree
    jobs: list[dict[str, Any]]
    steps_by_kind: dict[StepKind, int]
    codes: list[int]
    """The exit codes of the commands."""
    seconds: float
    """All that the commands took."""

    def count_steps(self, kinds: StepKind) -> int:
        return sum(count for kind, count in self.steps_by_kind.items() if kind & kinds)

    def allows(self, path: str, digest: str) -> bool:
        return digest in (self.before.get(path), self.end.get(path)) or self._is_set_aside(path, digest)

    def _is_set_aside(self, path: str, digest: str) -> bool:
        """Whether it is an original whose job a fault has made fail: it waits there until it is tried again."""
        folder, name = os.path.split(path)
        return folder == "disk/failed" and digest == self.before.get(f"disk/inbox/{name}")


def tree(world: World) -> Tree:
    return {path: _digest(where) for path, where in _files(world)}


def _files(world: World) -> Iterator[tuple[str, str]]:
    for name, root in world.roots.items():
        for folder, folders, files in os.walk(root):
            if folder == str(world.disk):
                folders.remove("state")
            for file in files:
                where = os.path.join(folder, file)
                yield name + where.removeprefix(str(root)), where


def _digest(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except FileNotFoundError:
        return "gone"


class Observer:
    """Looks again and again, while a run goes on, whether a partial file stands under a final name."""

    def __init__(self, world: World, reference: Reference) -> None:
        self._world, self._reference = world, reference
        self._seen: set[tuple[object, ...]] = set()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.problems: list[Problem] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._ends.wait(0.005):
            self._look()

    def _look(self) -> None:
        for path, where in _files(self._world):
            with suppress(FileNotFoundError):
                status = os.stat(where)
                version = path, status.st_ino, status.st_size, status.st_mtime_ns
                if version in self._seen or _is_hidden(path):
                    continue
                digest = _digest(where)
                if digest != "gone" and not self._reference.allows(path, digest):
                    self.problems.append(_unexpected(self._reference, path, os.path.getsize(where)))
                self._seen.add(version)


def _unexpected(reference: Reference, path: str, size: int) -> Problem:
    if path not in reference.before and path not in reference.end:
        return Problem(Harm.DOUBLED, f"{path} stands there, {size} bytes")
    return Problem(Harm.PARTIAL, f"{path} is not whole, {size} bytes")


def _is_output(path: str) -> bool:
    return path.startswith("disk/out/")


def _is_hidden(path: str) -> bool:
    """Whether the file has a hidden name, or is in a folder that has one: programs write in such."""
    return "/.fileq-" in path


def lost_for_now(world: World, reference: Reference) -> list[Problem]:
    """Say which originals are nowhere, not even under a hidden name, and were not to be deleted yet."""
    now = tree(world)
    return [
        Problem(Harm.LOST, f"{path} is nowhere")
        for path, digest in _originals(reference).items()
        if digest not in now.values() and not _is_replaced(world, reference, now, path)
    ]


def _originals(reference: Reference) -> Tree:
    return {path: digest for path, digest in reference.before.items() if path.startswith("disk/inbox/")}


def _is_replaced(world: World, reference: Reference, now: Tree, path: str) -> bool:
    """Whether its output has its place, or all its outputs are there and it was to be deleted."""
    if path in reference.end:
        return now.get(path) == reference.end[path]
    stem = os.path.splitext(os.path.basename(path))[0]
    outputs = [output for output in reference.end if output.startswith((f"disk/out/{stem}.", f"disk/out/{stem}-"))]
    return world.scenario.deletes and all(now.get(output) == reference.end[output] for output in outputs)


def check(world: World, reference: Reference) -> list[Problem]:
    """Say what is wrong once somebody has gone on and all should be over."""
    return [*_wrong_files(world, reference), *_wrong_jobs(world, reference), *_left_over(world)]


def _is_kept(path: str) -> bool:
    """Whether the file was replaced, and can be put back: its hidden name is another one each time."""
    return path.endswith(".replaced")


def _wrong_files(world: World, reference: Reference) -> Iterator[Problem]:
    now = tree(world)
    for path in sorted(path for path in reference.end.keys() - now.keys() if not _is_kept(path)):
        is_elsewhere = reference.end[path] in now.values() and not _is_output(path)
        yield Problem(Harm.STAYED if is_elsewhere else Harm.LOST, f"{path} is missing")
    for path in sorted(path for path in now.keys() - reference.end.keys() if not _is_kept(path)):
        harm = Harm.LEFT_OVER if _is_hidden(path) else Harm.STAYED if path in reference.before else Harm.DOUBLED
        yield Problem(harm, f"{path} should not be there")
    for path in sorted(now.keys() & reference.end.keys()):
        if now[path] != reference.end[path]:
            original = path in reference.before
            yield Problem(Harm.ORIGINAL if original else Harm.PARTIAL, f"{path} has other content")


def _wrong_jobs(world: World, reference: Reference) -> Iterator[Problem]:
    jobs = world.ask("list")
    for job in jobs:
        if job["attempts"] > MOST_ATTEMPTS:
            yield Problem(Harm.LEDGER, f"{job['source']} has had {job['attempts']} attempts")
    now, then = told(world, jobs), reference.jobs
    for job in now:
        if job not in then:
            yield Problem(Harm.LEDGER, f"it says {job}")
    for job in then:
        if job not in now:
            yield Problem(Harm.LEDGER, f"it does not say {job}")
    if len(now) > len(then):
        yield Problem(Harm.DOUBLED, f"{len(now)} jobs, not {len(then)}")


def told(world: World, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the ledger tells of jobs, but for numbers and times."""
    kept = ("source", "recipe", "state", "outputs")
    plain = [{key: job[key] for key in kept} | {"error": (job["error"] or {}).get("kind")} for job in jobs]
    return sorted((_with_paths_of_any_world(world, job) for job in plain), key=str)


def _with_paths_of_any_world(world: World, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_paths_of_any_world(world, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_paths_of_any_world(world, inner) for inner in value]
    if isinstance(value, str):
        for name, root in world.roots.items():
            value = value.replace(str(root), name)
    return value


def _left_over(world: World) -> Iterator[Problem]:
    deadline = time.monotonic() + PATIENCE
    while (left := world.processes()) and time.monotonic() < deadline:
        time.sleep(0.01)
    for pid in left:
        with suppress(OSError):
            yield Problem(Harm.LEFT_OVER, f"process {Path(f'/proc/{pid}/cmdline').read_bytes()!r}")
    for found in world.ask("doctor")["checks"]:
        if found["state"] == "bad" or (found["name"] == "temp files" and found["state"] != "ok"):
            yield Problem(Harm.LEDGER, f"doctor: {found['name']}: {found['message']}")


def failed_jobs(world: World) -> list[tuple[int, str, str]]:
    """The jobs that failed, but for that of the broken picture where it failed as such: number, name, kind of error."""
    jobs = world.ask("list", "--state", "failed")
    return [
        (job["id"], os.path.basename(job["source"]), job["error"]["kind"])
        for job in jobs
        if BROKEN not in job["source"] or job["error"]["kind"] != "unreadable"
    ]

"""Kills at random moments of whoever is there: what strikes at steps can't hit a process between them."""

import os
import random
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

MOST = 4
"""Kills in one try, each while one goes on after the last. A job's attempts end after ten deaths."""


@dataclass(frozen=True)
class RandomKills:
    """All is decided by the seed, but what the machine does meanwhile."""

    seed: int

    kills = True

    def __str__(self) -> str:
        return f"random:{self.seed}"


@contextmanager
def killing(process: subprocess.Popen[bytes], seconds: float, chance: random.Random) -> Iterator[list[str]]:
    """Kill somebody of a command's family within so many seconds, unless the block ends before. Yields who it was."""
    moment, who = chance.uniform(0, seconds), chance.choice(list(_VICTIMS))
    killed: list[str] = []
    ended = threading.Event()

    def kill() -> None:
        if not ended.wait(moment) and _VICTIMS[who](process, chance):
            killed.append(who)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        ended.set()
        thread.join()


def _kill_command(process: subprocess.Popen[bytes], _: random.Random) -> bool:
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    return True


def _kill_group(process: subprocess.Popen[bytes], _: random.Random) -> bool:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return True


def _kill_fork_server(process: subprocess.Popen[bytes], chance: random.Random) -> bool:
    return _kill_one(psutil.Process(process.pid).children, chance)


def _kill_descendant(process: subprocess.Popen[bytes], chance: random.Random) -> bool:
    return _kill_one(lambda: psutil.Process(process.pid).children(recursive=True), chance)


def _kill_one(find, chance: random.Random) -> bool:
    with suppress(psutil.NoSuchProcess):
        found = find()
        if found:
            chance.choice(found).kill()
            return True
    return False


_VICTIMS = {
    "command": _kill_command,
    "group": _kill_group,
    "fork server": _kill_fork_server,
    "child": _kill_descendant,
}

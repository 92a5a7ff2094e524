"""Somebody to examine: a ledger, a config, and processes that may die."""

import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from fileq.config import load_config
from fileq.health import examine
from fileq.health.context import Room
from fileq.presence import identify
from tests.support.jobs import NOW

PLENTY = Room(10**12, 10**11)


class Patient:
    def __init__(self, ledger, folder):
        self.ledger = ledger
        self.folder = folder
        self.config = load_config(environ={}, cwd=str(folder))

    def configure(self, text):
        file = self.folder / "fileq.toml"
        file.write_text(text, "utf-8")
        self.config = load_config(str(file), environ={}, cwd=str(self.folder))

    def examine(self, now=NOW, *, opened=..., room=lambda _: PLENTY, thorough=False):
        opened = self.ledger if opened is ... else opened
        checks = examine(opened, self.config, self.ledger.database.path, now, thorough=thorough, room=room)
        return {check.name: check for check in checks}

    def look(self, name, now=NOW, **keys):
        return self.examine(now, **keys)[name]

    def sign_on(self, process=None, now=NOW, queue="fileq", ago=0):
        """A worker: this process, or another one; it began so many seconds `ago`."""
        worker = self.ledger.workers.register_worker(
            identify(process.pid if process else os.getpid()), queue, 2, now - ago
        )
        assert self.ledger.workers.record_heartbeat(worker.id, now)
        return worker


@pytest.fixture
def patient(ledger, tmp_path):
    return Patient(ledger, tmp_path)


@contextmanager
def process():
    """One that lives until it is killed."""
    running = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        yield running
    finally:
        kill(running)


def kill(running):
    running.kill()
    running.wait()
    running.stdin.close()


@pytest.fixture
def mortal():
    """A process, and how to kill it."""
    with process() as running:
        yield running, lambda: kill(running)

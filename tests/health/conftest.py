"""A ledger and a config to run checks on, and processes that may die."""

import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from fileq.config import load_config
from fileq.health import run_checks
from fileq.health.check import DiskSpace
from fileq.presence import identify
from tests.support.jobs import NOW

PLENTY = DiskSpace(10**12, 10**11)


class CheckedLedger:
    def __init__(self, ledger, folder):
        self.ledger = ledger
        self.folder = folder
        self.config = load_config(environ={}, cwd=str(folder))

    def configure(self, text):
        file = self.folder / "fileq.toml"
        file.write_text(text, "utf-8")
        self.config = load_config(str(file), environ={}, cwd=str(self.folder))

    def run_checks(self, now=NOW, *, opened=..., room=lambda _: PLENTY, thorough=False):
        opened = self.ledger if opened is ... else opened
        checks = run_checks(opened, self.config, self.ledger.database.path, now, thorough=thorough, measure_space=room)
        return {check.name: check for check in checks}

    def run_check(self, name, now=NOW, **keys):
        return self.run_checks(now, **keys)[name]

    def register_worker(self, process=None, now=NOW, queue="fileq", ago=0):
        """A worker: this process, or another one; it began so many seconds `ago`."""
        worker = self.ledger.workers.register_worker(
            identify(process.pid if process else os.getpid()), queue, 2, now - ago
        )
        assert self.ledger.workers.record_heartbeat(worker.id, now)
        return worker


@pytest.fixture
def checked(ledger, tmp_path):
    return CheckedLedger(ledger, tmp_path)


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
def other_process():
    """A process, and how to kill it."""
    with process() as running:
        yield running, lambda: kill(running)

"""A queue in each database, pictures to add, and real workers."""

import os
import subprocess
import sys
from contextlib import contextmanager

import pytest
from PIL import Image

import fileq
from fileq.ledger import open_ledger
from tests.acceptance.program import kill_group, wait_until
from tests.support.ledgers import each_database

database = pytest.fixture(params=["sqlite", "postgres"])(each_database)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The working folder: nobody's config, and no variable of fileq's."""
    for name in [name for name in os.environ if name.startswith("FILEQ_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "remembered"))
    monkeypatch.setenv("PYTHONWARNINGS", "default")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def queue(database):
    with fileq.connect(database) as queue:
        yield queue


@pytest.fixture
def picture(folder):
    """What makes a picture, and returns its path."""

    def make(name="upload.jpg", size=(64, 48)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            Image.new("RGB", size, "teal").save(file, "JPEG")
        return path

    return make


@pytest.fixture
def worker(database):
    """What has a worker of this database while its block runs."""

    @contextmanager
    def working(*arguments):
        process = start_worker(database, *arguments)
        try:
            yield process
        finally:
            kill_group(process)

    return working


def start_worker(database, *arguments):
    """A worker that has signed on."""
    command = [sys.executable, "-m", "fileq", "--database", database, "worker", "--workers", "2", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    with open_ledger(database) as ledger:
        wait_until(lambda: process.pid in [worker.process.pid for worker in ledger.workers.list_workers()])
    return process

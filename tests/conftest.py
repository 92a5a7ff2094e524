"""What the tests of many rooms share: a ledger, a photo, and operations that go wrong."""

import compileall
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

PLUGINS = os.path.join(os.path.dirname(__file__), "plugins")
sys.path.insert(0, PLUGINS)  # before fileq gathers its operations, which it does once

from fileq.ledger import Ledger  # noqa: E402  # see above
from tests.support.postgres import running_server  # noqa: E402  # the same
from tests.support.redis import running_redis  # noqa: E402  # the same


def pytest_sessionstart(session):
    """Compile fileq once: where PYTHONDONTWRITEBYTECODE is set, each process that tests start would do it again.

    That was 0.1 s of the 0.35 s that `fileq list` takes, and a third of a second for each worker with its children.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        compileall.compile_dir(Path(__file__).parents[1] / "fileq", quiet=2)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """More than there are CPUs for `-n auto`: tests of processes wait for half of their time."""
    return (os.cpu_count() or 1) + 2


@pytest.fixture(autouse=True)
def pixels(monkeypatch):
    """Opening a picture sets a limit for the whole process, which in the program is a child of its own."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)


@pytest.fixture
def plugins():
    """The folder of the operations that go wrong, for the PYTHONPATH of other processes."""
    return PLUGINS


@pytest.fixture
def database(tmp_path):
    return str(tmp_path / "state" / "fileq.db")


@pytest.fixture
def ledger(database):
    ledger = Ledger(database, patience=0.2)
    yield ledger
    ledger.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[str]:
    """The address of a server that speaks Redis."""
    with running_redis() as server:
        yield server


@pytest.fixture
def photo(tmp_path):
    """A small JPEG in a folder of its own."""
    path = tmp_path / "photos" / "photo.jpg"
    path.parent.mkdir()
    Image.linear_gradient("L").convert("RGB").save(path)
    return path


@pytest.fixture
def out(tmp_path):
    """A folder for outputs, which is not there yet."""
    return tmp_path / "out"

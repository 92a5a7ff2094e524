"""A program with a folder of its own, and photos to share."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.support.photos import write
from tests.support.programs import program_where_asked
from tests.support.receiver import Receiver


@pytest.fixture
def fileq(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Program]:
    """One whose folder is below the test's."""
    folder = tmp_path / "home"
    folder.mkdir()
    with program_where_asked(folder, request) as program:
        yield program


@pytest.fixture
def ledger_file(fileq: Program) -> Path:
    """The ledger's file, for tests that are about SQLite's."""
    if fileq.server is not None:
        pytest.skip("it is about the file of a ledger, and this run has its ledgers on a server")
    return fileq.database


@pytest.fixture(scope="session")
def small_photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Eight photos of 0.3 megapixels, one in each orientation."""
    return write(tmp_path_factory.mktemp("small"), 8, (640, 480))


@pytest.fixture
def photos(fileq: Program, small_photos: list[Path]) -> Path:
    """A folder with those eight."""
    folder = fileq.folder / "photos"
    shutil.copytree(small_photos[0].parent, folder)
    return folder


@pytest.fixture
def shop() -> Iterator[Receiver]:
    """A web application that hooks call."""
    with Receiver() as receiver:
        yield receiver

"""A program with a folder of its own, and photos to share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.support.photos import write
from tests.support.postgres import own_schema


@pytest.fixture
def fileq(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Program]:
    """With `FILEQ_TEST_LEDGER=postgres`, its ledger is in PostgreSQL."""
    folder = tmp_path / "home"
    folder.mkdir()
    if os.environ.get("FILEQ_TEST_LEDGER") != "postgres":
        yield Program(folder)
        return
    with own_schema(request.getfixturevalue("postgres")) as address:
        yield Program(folder, address)


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

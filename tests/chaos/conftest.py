"""A program with a folder of its own, and very small photos."""

from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.support.photos import write


@pytest.fixture(scope="session")
def motifs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write(tmp_path_factory.mktemp("motifs"), 8, (160, 120))


@pytest.fixture
def fileq(tmp_path: Path) -> Program:
    folder = tmp_path / "home"
    folder.mkdir()
    return Program(folder)

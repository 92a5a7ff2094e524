"""A watched folder, and one with photos."""

import pytest

from tests.intake.adding import write


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    write(folder / "a.jpg")
    write(folder / "trips" / "b.jpg")
    write(folder / "notes.txt")
    return folder

"""Where sources are, and where they go."""

import pytest

from tests.support.drives import another_device


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def done(tmp_path):
    return tmp_path / "done"


@pytest.fixture
def shared_memory(tmp_path):
    """A folder that is still to be made, on another device than that of the inbox."""
    with another_device(tmp_path) as folder:
        yield str(folder / "done")

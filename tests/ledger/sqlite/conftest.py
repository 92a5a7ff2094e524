"""What is SQLite's alone."""

import pytest


@pytest.fixture
def database(tmp_path):
    return str(tmp_path / "state" / "fileq.db")

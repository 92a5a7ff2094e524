"""A sandbox for the commands of documents, and the manual as it is without plug-ins."""

import pytest

from fileq import operations
from tests.manual.sandbox import Sandbox


@pytest.fixture
def sandbox(tmp_path):
    made = Sandbox(tmp_path / "sandbox")
    made.fill()
    return made


@pytest.fixture(autouse=True)
def without_plugins(monkeypatch):
    """The plug-ins of the tests go wrong on purpose: no page is to show how to use them."""
    monkeypatch.setattr(operations, "ALL", operations.BUILT_IN, raising=False)

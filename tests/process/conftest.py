"""A sandbox, and what to give to it."""

import pytest

from tests.support.assignments import Bench, sandbox


@pytest.fixture
def box():
    with sandbox() as box:
        yield box


@pytest.fixture
def bench(photo, tmp_path):
    return Bench(photo, tmp_path)

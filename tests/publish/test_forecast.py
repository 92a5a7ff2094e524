"""What is foreseen of outputs: whether they can be put where they are to go."""

import os
import tempfile

import pytest

from fileq.publish.forecast import Forecaster, OutputFate, find_folder_problem
from tests.support.jobs import recipe


def as_nobody(look):
    """What a function of a child process without rights returns, as a text."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgid(65534)
            os.setuid(65534)
            os.write(writing, str(look()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as answer:
        return answer.read()


def forecast(ledger, path):
    return Forecaster(ledger).forecast(str(path), recipe(), "/photos/a.jpg", (1, 1), 0)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_a_folder_that_may_not_be_written_is_found():
    with tempfile.TemporaryDirectory() as locked:  # pytest's own folders are for root's eyes alone
        os.chmod(locked, 0o755)
        said = as_nobody(lambda: find_folder_problem(os.path.join(locked, "web")))
    assert said.startswith(f"No file may be written in {locked}.")


def test_a_folder_that_can_be_made_is_no_problem(ledger, tmp_path):
    found = forecast(ledger, tmp_path / "new" / "web" / "a.jpg")
    assert (found.fate, found.exists, found.problem) == (OutputFate.NEW, False, None)


def test_a_file_in_the_place_of_a_folder_is_a_conflict(ledger, tmp_path):
    (tmp_path / "web").write_text("no folder")
    found = forecast(ledger, tmp_path / "web" / "a.jpg")
    assert found.fate is OutputFate.CONFLICT
    assert str(tmp_path / "web") in str(found.problem)

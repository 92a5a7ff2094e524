"""Where files are, as people read it."""

from pathlib import Path

import pytest

from fileq.cli.views.outcome.ended_jobs import brief_reason
from fileq.cli.views.places import relative_paths_in
from fileq.errors import ErrorKind
from fileq.job import Failure


def test_paths_in_a_sentence_begin_at_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert relative_paths_in(f"The folder {tmp_path}/web is full.") == "The folder web is full."


def test_a_path_that_has_the_working_folders_path_within_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sentence = f"The folder /backup{tmp_path}/web is full."
    assert relative_paths_in(sentence) == sentence


def test_a_reason_says_it_for_the_source() -> None:
    failure = Failure(ErrorKind.CONFLICT, "A file exists: /in/a.jpg. It stays.", "")
    assert brief_reason(failure, "/in/a.jpg") == "a file exists: it. It stays"


@pytest.mark.parametrize("other", ["/in/a.jpg.webp", "/in/a.jpg/web", "/in/a.jpg-1", "/old/in/a.jpg"])
def test_a_reason_says_it_for_no_other_path(other: str) -> None:
    failure = Failure(ErrorKind.CONFLICT, f"A file exists: {other}.", "")
    assert brief_reason(failure, "/in/a.jpg") == f"a file exists: {other}"

"""What documents show of Python works as it stands there, beside a worker in a process of its own."""

import doctest
from typing import Any

import pytest

import fileq
from tests.acceptance.program import kill_group
from tests.api.conftest import start_worker
from tests.manual.pages import README, blocks_of, source_of


@pytest.fixture
def app(folder, picture, monkeypatch):
    """A folder with an upload and photos, and a worker of the database that is found there."""
    for name in ("upload.jpg", "photos/a.jpg", "photos/b.jpg"):
        picture(name, size=(800, 600))
    monkeypatch.setenv("FILEQ_DATABASE", str(folder / "fileq.db"))
    worker = start_worker(str(folder / "fileq.db"))
    yield
    kill_group(worker)


@pytest.mark.parametrize("document", [README.name, "from-python"])
def test_each_block_works_as_it_stands_there(document, app, capsys):
    blocks = [block.text for block in blocks_of(source_of(document)) if block.language == "python" and not block.mark]
    assert blocks
    said: list[list[str]] = []
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, document, "exec"), names)
        said.append(capsys.readouterr().out.split())
    names["queue"].close()
    if document == README.name:
        assert said[-1][0].endswith("web/upload.jpg")
        assert len(blocks[-1].splitlines()) == 5
        return
    assert said[0] == ["1", "queued"] or said[0][0] == "1"
    assert said[1][:3] == ["3", "0", "0"]
    assert said[2][0].endswith("media/small/upload.jpg")
    assert said[3][0].endswith("avif/upload.avif")
    assert said[5][-2:] == ["2", "[]"]
    assert said[6][:1] == ["['gone.jpg']"]


def test_the_example_of_the_package_works(app):
    failed, tried = doctest.testmod(fileq)
    assert (failed, tried) == (0, 3)

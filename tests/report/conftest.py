"""A ledger whose outputs are real files."""

import os
from pathlib import Path

import pytest
from PIL import Image

from fileq.files.identity import version_of
from fileq.job import OutputInfo
from fileq.ledger.tables.outputs import PublishedFile
from tests.support.jobs import NOW, begin, enter, finish, recipe


class Studio:
    """Sources and outputs in a folder, and the ledger that tells of them."""

    def __init__(self, folder, ledger):
        self.folder = folder
        self.ledger = ledger

    def make(self, name="a.jpg", wanted="web", now=NOW, size=(40, 30), folder="out"):
        """A done job whose source and output are there; answers its source and its output."""
        source = self.picture(self.folder / "photos" / name, size)
        output = self.picture(self.folder / folder / f"{wanted}-{name}", (size[0] // 2, size[1] // 2))
        about = os.stat(source)
        keys = {"size": about.st_size, "mtime_ns": about.st_mtime_ns, "version": f"{about.st_size}-{now}"}
        (job,) = enter(self.ledger, str(source), wanted=recipe(wanted), **keys)
        token = begin(self.ledger, job, now=now - 2)
        self.ledger.outputs.reserve_path(str(output), job, f"{output}.part")
        made = OutputInfo(
            path=str(output), format="jpeg", width=size[0] // 2, height=size[1] // 2, bytes=os.path.getsize(output)
        )
        self.ledger.outputs.record_published({job: [PublishedFile(made, version_of(os.stat(output)), 1)]}, now)
        finish(self.ledger, token, now=now, bytes_out=made.bytes)
        return source, output

    def picture(self, path: Path, size):
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            with open(path, "wb") as file:
                Image.linear_gradient("L").convert("RGB").resize(size).save(file, "JPEG")
        return path


@pytest.fixture
def studio(tmp_path, ledger):
    return Studio(tmp_path, ledger)

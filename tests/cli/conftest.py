"""A fileq of one's own: its folder, its database, nobody's config."""

import json
import os
from dataclasses import dataclass

import pytest
from PIL import Image

from fileq.cli import run
from fileq.ledger import Ledger


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def document(self):
        return json.loads(self.out)


class Fileq:
    def __init__(self, folder, capsys):
        self.folder = folder
        self.database = str(folder / "state" / "fileq.db")
        self._capsys = capsys

    def __call__(self, *arguments):
        """Run a command in this process."""
        self._capsys.readouterr()
        code = run(arguments)
        said = self._capsys.readouterr()
        return Ran(code, said.out, said.err)

    def photo(self, name, size=(40, 30)):
        path = os.path.join(str(self.folder), "photos", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            Image.new("RGB", size, "teal").save(file, "JPEG")
        return path

    def ledger(self):
        return Ledger(self.database)


@pytest.fixture
def fileq(tmp_path, monkeypatch, capsys):
    for name in [name for name in os.environ if name.startswith("FILEQ_")]:
        monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "remembered"))
    monkeypatch.setenv("FILEQ_DATABASE", str(tmp_path / "state" / "fileq.db"))
    monkeypatch.chdir(tmp_path)
    return Fileq(tmp_path, capsys)

"""What code and documents name of the tree is there: a file that was renamed takes its mentions with it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMED = re.compile(r"\b(?:fileq|tests)/[\w/-]+\.(?:py|sql|toml|db|html|css|c)\b")
TEXTS = sorted(
    path
    for folder in (".github", ".ci", "fileq", "tests")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".md", ".toml", ".sql", ""} and path.is_file() and "kept" not in path.parts
)


def missing(path):
    return {name for name in NAMED.findall(path.read_text("utf-8")) if not (ROOT / name).exists()}


@pytest.mark.parametrize("path", [ROOT / "README.md", ROOT / "pyproject.toml"], ids=lambda path: path.name)
def test_documents_name_files_that_are_there(path):
    assert missing(path) == set()


def test_code_names_files_that_are_there():
    assert {path.name: names for path in TEXTS if (names := missing(path))} == {}

"""What documents hold: their blocks of code, each with what a comment above it says of it."""

import re
from dataclasses import dataclass
from pathlib import Path

from fileq.manual import TOPICS, read_page, read_source

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"

_BLOCK = re.compile(r"(?:<!-- ([^>]*?) -->\n)?```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its text, and the mark above it, "" for none."""

    language: str
    text: str
    mark: str

    @property
    def may_end_with(self) -> set[int]:
        """The exit codes that its commands may have."""
        return {0, int(self.mark.removeprefix("exit: "))} if self.mark.startswith("exit: ") else {0}


def blocks_of(text: str) -> list[Block]:
    return [Block(language, code, mark or "") for mark, language, code in _BLOCK.findall(text)]


def source_of(document: str) -> str:
    """A topic's page as it is in its file, or the README."""
    return README.read_text("utf-8") if document == README.name else read_source(document)


def page_of(document: str) -> str:
    """A topic's page as people read it, with its parts but still with the marks of its blocks; or the README."""
    return source_of(document) if document == README.name else read_page(document, comments=True)


DOCUMENTS = [README.name, *TOPICS]

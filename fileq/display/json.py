"""Answers as JSON: one document on stdout, and nothing else."""

import json
from collections.abc import Iterator
from typing import TextIO

from fileq.display.answer import Answer


class JsonAnswerWriter:
    """Writes the documents of answers as JSON."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def answer(self, answer: Answer) -> None:
        """Write the answer's document."""
        if isinstance(answer.document, Iterator):
            self._list(answer.document)
        else:
            self._stream.write(f"{_encoded(answer.document)}\n")
        self._stream.flush()

    def _list(self, documents: Iterator[object]) -> None:
        """Write a list that may be too long to hold, an item a line."""
        start = "["
        for document in documents:
            self._stream.write(f"{start}{_encoded(document)}")
            start = ",\n"
        self._stream.write("]\n" if start == ",\n" else "[]\n")


def _encoded(document: object) -> str:
    # In ASCII, so that the bytes of a name that is not UTF-8 survive as lone surrogates.
    return json.dumps(document, ensure_ascii=True)

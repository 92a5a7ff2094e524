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
        document = answer.document
        if isinstance(document, Iterator):
            self._list(document)
            self._stream.write("\n")
        elif isinstance(document, dict) and any(isinstance(value, Iterator) for value in document.values()):
            self._object(document)
        else:
            self._stream.write(f"{_encoded(document)}\n")
        self._stream.flush()

    def _object(self, document: dict[str, object]) -> None:
        """Write an object of which some values may be too long to hold."""
        start = "{"
        for key, value in document.items():
            self._stream.write(f"{start}{_encoded(key)}: ")
            if isinstance(value, Iterator):
                self._list(value)
            else:
                self._stream.write(_encoded(value))
            start = ", "
        self._stream.write("}\n")

    def _list(self, documents: Iterator[object]) -> None:
        """Write a list that may be too long to hold, an item a line."""
        start = "["
        for document in documents:
            self._stream.write(f"{start}{_encoded(document)}")
            start = ",\n"
        self._stream.write("]" if start == ",\n" else "[]")


def _encoded(document: object) -> str:
    # In ASCII, so that the bytes of a name that is not UTF-8 survive as lone surrogates.
    return json.dumps(document, ensure_ascii=True)

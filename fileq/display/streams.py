"""The process's streams, as what they are to the work: it goes on, whoever has stopped to listen."""

import os
import select
import sys
from contextlib import suppress
from typing import Any, TextIO, cast


class ReaderHasLeft(Exception):
    """Nobody reads what a command answers any more."""


class ListenedStream:
    """A stream of which a failure to write ends no work: all goes to nowhere from then on.

    One that `carries_answers` says so once, by ReaderHasLeft, where its reader has left; other failures are told by
    OSError there, as an answer that did not arrive is no answer.
    """

    def __init__(self, stream: TextIO, *, carries_answers: bool) -> None:
        self._stream = stream
        self._carries_answers = carries_answers
        self._has_left = False

    def __getattr__(self, name: str) -> Any:
        """Be the stream in all else."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write the text. Returns its length. Raises ReaderHasLeft, OSError."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._leave(error)
        return len(text)

    def flush(self) -> None:
        """Write what is held back. Raises ReaderHasLeft, OSError."""
        try:
            self._stream.flush()
        except OSError as error:
            self._leave(error)

    def _leave(self, error: OSError) -> None:
        if self._carries_answers and not isinstance(error, BrokenPipeError):
            raise error
        self._has_left = True
        with suppress(OSError, ValueError):  # a stream of a test has no descriptor
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())  # what is held back goes there, too
            os.close(nowhere)
        if self._carries_answers:
            raise ReaderHasLeft from error

    @property
    def is_heard(self) -> bool:
        """Whether somebody still has the other end, as far as can be told."""
        if self._has_left:
            return False
        if sys.platform != "win32":  # which has no poll
            with suppress(OSError, ValueError):  # a stream of a test has no descriptor
                poll = select.poll()
                poll.register(self._stream.fileno(), 0)
                return not poll.poll(0)
        return True

    @property
    def as_text(self) -> TextIO:
        """Return this, typed as the stream that it is."""
        return cast("TextIO", self)

"""The one protocol of everything that a user sees."""

from typing import Protocol

from fileq.display.answer import Answer
from fileq.display.progress import Progress
from fileq.display.watches import Watching


class Answers(Protocol):
    """stdout: what was asked for."""

    def answer(self, answer: Answer) -> None: ...


class Messages(Protocol):
    """stderr: how it goes, and what went wrong. Progress stays until `settle`, which every other message does first."""

    @property
    def live(self) -> bool:
        """Whether `watching` shows anything."""

    def hint(self, text: str) -> None: ...

    def error(self, message: str, hint: str = "") -> None: ...

    def scanning(self, count: int) -> None: ...

    def working(self, progress: Progress) -> None: ...

    def watching(self, watching: Watching) -> None: ...

    def settle(self) -> None: ...


class Display:
    """Both together: what a command talks to."""

    def __init__(self, answers: Answers, messages: Messages, rows: int | None = None) -> None:
        """`rows` is how many rows of a long list a person wants to see at once; None: all of them."""
        self._answers = answers
        self._messages = messages
        self.rows = rows

    def answer(self, answer: Answer) -> None:
        self._messages.settle()
        self._answers.answer(answer)

    def hint(self, text: str) -> None:
        """Something to know or to do next."""
        self._messages.hint(text)

    def error(self, message: str, hint: str = "") -> None:
        self._messages.error(message, hint)

    def scanning(self, count: int) -> None:
        """So many files were looked at up to now."""
        self._messages.scanning(count)

    def working(self, progress: Progress) -> None:
        self._messages.working(progress)

    def watching(self, watching: Watching) -> None:
        self._messages.watching(watching)

    @property
    def is_live(self) -> bool:
        """Whether somebody sees what moves."""
        return self._messages.live

    def settle(self) -> None:
        """No more progress: leave the terminal as it was."""
        self._messages.settle()

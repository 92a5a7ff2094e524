"""The protocol of everything that a user sees: answers on stdout, messages and progress on stderr."""

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from fileq.display.answer import Answer, Text
from fileq.display.progress import Progress, StatusView, WatchView
from fileq.display.streams import ReaderHasLeft


class AnswerWriter(Protocol):
    """Writes what was asked for to stdout."""

    def answer(self, answer: Answer) -> None:
        """Write the answer, whole."""


class MessageWriter(Protocol):
    """Writes to stderr how it goes and what went wrong. Any other message clears the progress first."""

    @property
    def is_live(self) -> bool:
        """Whether `show_watch` shows anything."""

    def hint(self, text: str) -> None:
        """Write a sentence on what to know or to do next."""

    def reason(self, text: str) -> None:
        """Write a sentence on why the command ends as it does, also where nothing but errors is to be said."""

    def error(self, message: str, hint: str = "") -> None:
        """Write what went wrong, and what would fix it."""

    def log(self, line: Text, *, is_routine: bool = False) -> None:
        """Write what has happened; routine only where no progress shows it."""

    def show_scanned(self, count: int) -> None:
        """Show how many files were looked at up to now."""

    def show_progress(self, progress: Progress) -> None:
        """Show how far the work is, in place of what was shown before."""

    def show_status(self, view: StatusView) -> None:
        """Show the unfinished batches, in place of what was shown before."""

    def show_watch(self, view: WatchView) -> None:
        """Show the watched folders, in place of what was shown before."""

    def clear_progress(self) -> None:
        """Leave the terminal as it was before there was progress."""


class Display:
    """Both together: what a command talks to."""

    def __init__(
        self,
        answers: AnswerWriter,
        messages: MessageWriter,
        rows: int | None = None,
        *,
        has_listeners: Callable[[], bool] = lambda: True,
    ) -> None:
        """`rows` is how many rows of a long list a person wants to see at once; None: all of them."""
        self._has_listeners = has_listeners
        self._answers = answers
        self._messages = messages
        self.rows = rows

    def answer(self, answer: Answer) -> None:
        """Write an answer to stdout, as far as somebody reads it. Raises OSError where it can't arrive."""
        self._messages.clear_progress()
        with suppress(ReaderHasLeft):
            self._answers.answer(answer)

    def hint(self, text: str) -> None:
        """Write a sentence to stderr on what to know or to do next."""
        self._messages.hint(text)

    def reason(self, text: str) -> None:
        """Write a sentence to stderr on why the exit code is not 0, also where nothing but errors is to be said."""
        self._messages.reason(text)

    def error(self, message: str, hint: str = "") -> None:
        """Write to stderr what went wrong, and what would fix it."""
        self._messages.error(message, hint)

    def log(self, line: Text, *, is_routine: bool = False) -> None:
        """Write to stderr what has happened; routine only where no progress shows it."""
        self._messages.log(line, is_routine=is_routine)

    def show_scanned(self, count: int) -> None:
        """Show how many files were looked at up to now."""
        self._messages.show_scanned(count)

    def show_progress(self, progress: Progress) -> None:
        """Show how far the work is, in place of what was shown before."""
        self._messages.show_progress(progress)

    def show_status(self, view: StatusView) -> None:
        """Show the unfinished batches, in place of what was shown before."""
        self._messages.show_status(view)

    def show_watch(self, view: WatchView) -> None:
        """Show the watched folders, in place of what was shown before; nothing where it is not live."""
        self._messages.show_watch(view)

    @property
    def is_live(self) -> bool:
        """Whether somebody sees what moves."""
        return self._messages.is_live

    @property
    def has_listeners(self) -> bool:
        """Whether both streams still go somewhere, as far as is known. Work goes on without; a mere view ends."""
        return self._has_listeners()

    def clear_progress(self) -> None:
        """Leave the terminal as it was before there was progress."""
        self._messages.clear_progress()

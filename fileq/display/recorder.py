"""A display that shows nothing and remembers everything: for tests and for whoever embeds the commands."""

from fileq.display.answer import Answer
from fileq.display.progress import Progress
from fileq.display.protocol import Display
from fileq.display.watches import Watching


class Recording(Display):
    live = True

    def __init__(self) -> None:
        super().__init__(self, self)
        self.answers: list[Answer] = []
        self.hints: list[str] = []
        self.errors: list[tuple[str, str]] = []
        self.scanned: list[int] = []
        self.progress: list[Progress] = []
        self.watched: list[Watching] = []

    def answer(self, answer: Answer) -> None:
        self.answers.append(answer)

    def hint(self, text: str) -> None:
        self.hints.append(text)

    def error(self, message: str, hint: str = "") -> None:
        self.errors.append((message, hint))

    def scanning(self, count: int) -> None:
        self.scanned.append(count)

    def working(self, progress: Progress) -> None:
        self.progress.append(progress)

    def watching(self, watching: Watching) -> None:
        self.watched.append(watching)

    def settle(self) -> None:
        """Nothing is on show."""

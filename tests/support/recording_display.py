"""A display that shows nothing and remembers everything."""

from fileq.display import Answer, Display, Progress, StatusView, Text, WatchView


class RecordingDisplay(Display):
    is_live = True

    def __init__(self) -> None:
        super().__init__(self, self)
        self.answers: list[Answer] = []
        self.hints: list[str] = []
        self.errors: list[tuple[str, str]] = []
        self.scanned: list[int] = []
        self.progress: list[Progress] = []
        self.views: list[WatchView] = []
        self.lines: list[Text] = []
        self.statuses: list[StatusView] = []

    def answer(self, answer: Answer) -> None:
        self.answers.append(answer)

    def hint(self, text: str) -> None:
        self.hints.append(text)

    def reason(self, text: str) -> None:
        self.hints.append(text)

    def error(self, message: str, hint: str = "") -> None:
        self.errors.append((message, hint))

    def log(self, line: Text, *, is_routine: bool = False) -> None:
        self.lines.append(line)

    def show_status(self, view: StatusView) -> None:
        self.statuses.append(view)

    def show_scanned(self, count: int) -> None:
        self.scanned.append(count)

    def show_progress(self, progress: Progress) -> None:
        self.progress.append(progress)

    def show_watch(self, view: WatchView) -> None:
        self.views.append(view)

    def clear_progress(self) -> None:
        """Nothing is on show."""

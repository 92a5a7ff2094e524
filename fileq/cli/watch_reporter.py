"""What `fileq watch` shows of what its watcher does, on the display and to systemd."""

import threading
from collections.abc import Sequence

from fileq.display import Answer, Display, FolderView, Progress, Text, Tone, WaitingFileView, WatchView
from fileq.service.systemd_notify import SystemdNotifier
from fileq.watch.folder import Standing

_LINES_ON_A_TERMINAL = 10


class WatchReporter:
    """Tells of what the watcher does: a line for each file where that is piped, and a live view on a terminal."""

    def __init__(self, display: Display) -> None:
        self.live = display.is_live
        self._display = display
        self._notifier = SystemdNotifier()
        self._ready = False
        self._standings: Sequence[Standing] = ()
        self._progress: Progress | None = None
        self._lock = threading.Lock()  # where we work too, the worker's thread shows its progress

    def queued(self, paths: Sequence[str], batch: int) -> None:
        with self._lock:
            if self._display.rows is not None and len(paths) > _LINES_ON_A_TERMINAL:
                self._answer(paths[0], batch, f"queued {len(paths):,} files as batch {batch}")
                return
            for path in paths:
                self._answer(path, batch, f"queued {path}")

    def _answer(self, path: str, batch: int, line: str) -> None:
        self._display.answer(Answer({"event": "queued", "source": path, "batch": batch}, [Text(line, Tone.GOOD)]))

    def noticed(self, text: str) -> None:
        with self._lock:
            self._display.hint(text)

    def stands(self, standings: Sequence[Standing]) -> None:
        with self._lock:
            self._standings = standings
            self._show()

    def show_progress(self, progress: Progress) -> None:
        with self._lock:
            self._progress = progress
            self._show()

    def _show(self) -> None:
        self._display.show_watch(WatchView([_watched(one) for one in self._standings], self._progress))

    def alive(self) -> None:
        if not self._ready:
            self._ready = True
            self._notifier.send("READY=1")
        self._notifier.keep_alive()

    def stopping(self) -> None:
        self._notifier.send("STOPPING=1")


def _watched(standing: Standing) -> FolderView:
    return FolderView(
        path=standing.path,
        state=standing.state,
        problem=standing.problem,
        queued=standing.queued,
        waiting=standing.waiting,
        waiting_files=[WaitingFileView(file.path, file.reason, file.seconds) for file in standing.longest],
    )

"""The reporter of a watcher's work, on the display and to systemd."""

import threading
from collections.abc import Sequence

from fileq.cli.views.live import EndedJobsReporter
from fileq.cli.views.places import relative_path
from fileq.display import Answer, Display, FolderView, Progress, Text, Tone, WaitingFileView, WatchView
from fileq.ledger.tables.sources.watches import WatchStatus
from fileq.service.systemd_notify import SystemdNotifier

_LINES_ON_A_TERMINAL = 10


class WatchReporter:
    """Shows what the watcher does: a line for each file where that is piped, and a live view on a terminal."""

    def __init__(self, display: Display) -> None:
        """Show on `display`. What is called in other threads is shown one after the other."""
        self.live = display.is_live
        self.ended = EndedJobsReporter(display)
        self._display = display
        self._notifier = SystemdNotifier()
        self._ready = False
        self._statuses: Sequence[WatchStatus] = ()
        self._progress: Progress | None = None
        self._lock = threading.Lock()  # where we work too, the worker's thread shows its progress

    def on_queued(self, paths: Sequence[str], batch_id: int) -> None:
        """Show the files that were queued: each, or on a terminal many in a line."""
        with self._lock:
            if self._display.rows is not None and len(paths) > _LINES_ON_A_TERMINAL:
                line = Text(f"queued {len(paths):,} files as batch {batch_id}", Tone.GOOD)
                self._answer(paths[0], batch_id, line)
                return
            for path in paths:
                self._answer(path, batch_id, Text("queued ", Tone.GOOD, path=relative_path(path)))

    def _answer(self, path: str, batch_id: int, line: Text) -> None:
        self._display.answer(Answer({"event": "queued", "source": path, "batch": batch_id}, [line]))

    def on_notice(self, text: str) -> None:
        """Show something that a person may want to know."""
        with self._lock:
            self._display.hint(text)

    def on_status(self, statuses: Sequence[WatchStatus]) -> None:
        """Show the status of each folder."""
        with self._lock:
            self._statuses = statuses
            self._show()

    def show_progress(self, progress: Progress) -> None:
        """Show how far the jobs are that are done here too."""
        with self._lock:
            self._progress = progress
            self._show()

    def _show(self) -> None:
        self._display.show_watch(WatchView([_folder_view(status) for status in self._statuses], self._progress))

    def show_ended(self) -> None:
        """Show the jobs that have ended here since the last call."""
        with self._lock:
            self.ended.show_new()

    def on_turn(self) -> None:
        """Send systemd a sign of life; at first, that the watcher is ready."""
        if not self._ready:
            self._ready = True
            self._notifier.send("READY=1")
        self._notifier.keep_alive()

    def on_stop(self) -> None:
        """Send systemd that the watcher stops."""
        self._notifier.send("STOPPING=1")


def _folder_view(status: WatchStatus) -> FolderView:
    return FolderView(
        path=status.path,
        state=status.state,
        problem=status.problem,
        queued=status.queued,
        waiting=status.waiting,
        waiting_files=[WaitingFileView(file.path, file.reason, file.seconds) for file in status.longest],
    )

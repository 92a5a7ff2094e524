"""What `watch` watches, and how it tells of what it does."""

import os
import threading
from collections.abc import Sequence

from fileq.cli.session import Session
from fileq.display import Answer, Display, FolderView, Progress, Text, Tone, WaitingFileView, WatchView
from fileq.errors import NotFoundError, UsageError
from fileq.service.systemd_notify import SystemdNotifier
from fileq.units import Duration
from fileq.watch.configured import watch_spec
from fileq.watch.folder import PollMode, Standing, WatchSpec, skipped_folders

_LINES_ON_A_TERMINAL = 10


def folders_to_watch(
    session: Session,
    paths: Sequence[str],
    *,
    recipe: Sequence[str],
    out: str | None,
    poll: str | None,
    recursive: bool,
    follow_links: bool = False,
) -> list[WatchSpec]:
    """The folders that are named, or else all of the config's. Raises UsageError, NotFoundError."""
    interval = _seconds(poll)
    watches = session.config.settings.watch
    if not paths:
        if not watches:
            where = session.config.file or "a config"
            raise UsageError(f"Which folder? There is no DIR, and no [[watch]] in {where}.", "Try: fileq watch inbox/")
        return [watch_spec(session.config, watch, interval, follow_links=follow_links) for watch in watches]
    named = [_named(path) for path in dict.fromkeys(paths)]
    known = {} if recipe or out else {watch.path: watch for watch in watches}
    return [
        watch_spec(session.config, known[path], interval, follow_links=follow_links)
        if path in known
        else _plain(session, path, recipe, out, interval, recursive=recursive, follow_links=follow_links)
        for path in named
    ]


def _named(path: str) -> str:
    whole = os.path.abspath(os.path.expanduser(path))
    if not os.path.lexists(whole):
        raise NotFoundError(f"There is no folder {path}.", "Make it first, or check its name.")
    if not os.path.isdir(whole):
        raise UsageError(f"{path} is not a folder.", "Name the folder that files come into.")
    return whole


def _seconds(poll: str | None) -> float | None:
    try:
        seconds = None if poll is None else float(Duration.parse(poll))
    except ValueError as error:
        raise UsageError(f"--poll: {error}.") from error
    if seconds is not None and seconds <= 0:
        raise UsageError("--poll must be more than 0.", "Try: --poll 5")
    return seconds


def _plain(
    session: Session,
    path: str,
    recipe: Sequence[str],
    out: str | None,
    interval: float | None,
    *,
    recursive: bool,
    follow_links: bool,
) -> WatchSpec:
    whole = None if out is None else os.path.abspath(os.path.expanduser(out))
    return WatchSpec(
        path,
        tuple(session.recipes(recipe)),
        whole,
        recursive,
        poll=PollMode.AUTO if interval is None else PollMode.ALWAYS,
        interval=interval or 5.0,
        skipped=skipped_folders(path, whole),
        follow_links=follow_links,
    )


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

"""The folders that `fileq watch` watches: those that are named, or else all of the config's."""

import os
from collections.abc import Sequence

from fileq.cli.session import Session
from fileq.errors import NotFoundError, UsageError
from fileq.units import Duration
from fileq.watch.configured import watch_spec
from fileq.watch.folder import PollMode, WatchSpec, skipped_folders


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

"""The watched folders: whether they are there, and somebody watches them."""

import os
from collections.abc import Iterator

from fileq.config.settings import WatchSettings
from fileq.health.check import CheckContext, Finding, bad, combine, ok, shorten_list, warning
from fileq.ledger.tables.sources.watches import WatchRecord, is_watcher_gone
from fileq.units import describe_count, describe_seconds, is_or_are

_FORGOTTEN = 7 * 86400.0
"""Seconds after which nobody misses the watcher of a folder that isn't in the config."""

_LONG = 3600.0


def check_watches(context: CheckContext) -> Finding:
    """Check that the watched folders are there, and that their watchers and sources get on."""
    configured = context.config.settings.watch
    missing = {watch.path for watch in configured if not os.path.isdir(watch.path)}
    records = [] if context.opened_ledger is None else context.ledger.watches.list_watches()
    findings = [_missing(path) for path in sorted(missing)]
    watched = set()
    for record in records:
        known = any(record.path == watch.path for watch in configured)
        state = _WatchState(record, context.now)
        if state.is_watching:
            watched.add(record.path)
        if record.path not in missing:
            findings += state.findings(known=known)
    if context.opened_ledger is not None:
        findings.append(_held_up(context))
    return combine(findings, ok(_in_words(configured, watched)))


def _held_up(context: CheckContext) -> Finding:
    """Return the finding about sources that were to be moved or deleted, and could not be yet."""
    problems = context.ledger.dispositions.find_problems()
    if not problems:
        return ok("")
    source, reason = problems[0]
    more = f" and {len(problems) - 1:,} more" if len(problems) > 1 else ""
    message = f"{describe_count(len(problems), 'source')} could not be moved or deleted yet: {source}{more}. {reason}"
    return warning(message, "fileq tries again every few minutes.")


def _missing(path: str) -> Finding:
    return bad(f"{path} is in the config, and isn't there.", "Make the folder or mount its disk, or change [[watch]].")


class _WatchState:
    """A watched folder, as its watcher described it last."""

    def __init__(self, record: WatchRecord, now: float) -> None:
        self._path = record.path
        self._age = now - record.status_at
        self._status = record.status
        self._gone = is_watcher_gone(record, now)

    @property
    def is_watching(self) -> bool:
        """Whether its watcher is there."""
        return not self._status.is_stopped and not self._gone

    def findings(self, *, known: bool) -> Iterator[Finding]:
        """Yield what is wrong with the folder; `known` says whether it is in the config."""
        if self._status.is_stopped:
            return
        if self._gone:
            if known or self._age < _FORGOTTEN:
                yield bad(f"The watcher of {self._path} has died.", "Start it again with fileq watch.")
            return
        problem = self._status.problem or "it can't be read"
        if self._status.state == "offline":
            yield bad(f"{self._path} is offline: {problem}.", "fileq catches up with it once it is back.")
        elif self._status.problem:
            yield warning(f"{self._path}: {problem}.", "Scans find what events don't tell; fileq status shows more.")
        yield from self._late()

    def _late(self) -> Iterator[Finding]:
        missed = self._status.missed
        if missed:
            message = f"The system's events missed {describe_count(missed, 'file')} in {self._path}; scans found them."
            yield warning(message, 'If that goes on, set poll = "always" for that folder.')
        waiting = [file for file in self._status.longest if file.seconds > _LONG]
        if waiting:
            named = shorten_list(f"{file.path} ({file.reason}, {describe_seconds(file.seconds)})" for file in waiting)
            yield warning(f"Not complete for over an hour: {named}.", "Check which program writes them.")


def _in_words(configured: tuple[WatchSettings, ...], watched: set[str]) -> str:
    idle = [watch.path for watch in configured if watch.path not in watched]
    seen = f"{describe_count(len(watched), 'folder')} {is_or_are(len(watched))} watched." if watched else ""
    unseen = f"Nobody watches {shorten_list(idle)} of the config." if idle else ""
    return " ".join(filter(None, [seen, unseen])) or "No folder is watched."

"""The watched folders, as `status` shows them."""

from typing import Any, NamedTuple

import msgspec

from fileq.cli.times import iso_or_none
from fileq.cli.views.places import relative_path
from fileq.display import Facts, Text, Tone
from fileq.display.answer import Block, Cell
from fileq.ledger import Ledger
from fileq.ledger.tables.sources.watches import WatchRecord, WatchState, WatchStatus, is_watcher_gone
from fileq.units import describe_count, describe_seconds
from fileq.watch.links import describe_counts

_TONES: dict[str, Tone] = {
    WatchState.EVENTS: Tone.GOOD,
    WatchState.POLLING: Tone.GOOD,
    WatchState.CATCHING_UP: Tone.BUSY,
    WatchState.OFFLINE: Tone.BAD,
}


class Watch(NamedTuple):
    """A watched folder, and its status as it is now."""

    record: WatchRecord
    status: WatchStatus


def watch_statuses(ledger: Ledger, now: float) -> list[Watch]:
    """Return what the watchers said last of their folders; a folder whose watcher is gone is "stopped"."""
    return [Watch(record, _status(record, now)) for record in ledger.watches.list_watches()]


def _status(record: WatchRecord, now: float) -> WatchStatus:
    status = record.status
    if not status.state:
        return msgspec.structs.replace(status, state=WatchState.STOPPED)
    if status.is_stopped or not is_watcher_gone(record, now):
        return status
    return msgspec.structs.replace(
        status, state=WatchState.STOPPED, problem="its watcher was killed", waiting=0, longest=(), watches=None
    )


def watch_document(watch: Watch) -> dict[str, Any]:
    """Return the JSON document of a watched folder; its keys are a contract."""
    record, status = watch
    return {
        "path": record.path,
        "state": status.state,
        "problem": status.problem or None,
        "queued": status.queued,
        "waiting": status.waiting,
        "longest": msgspec.to_builtins(status.longest),
        "missed_by_events": status.missed,
        "rebuilt": status.rebuilt,
        "last_scan_at": iso_or_none(status.last_scan_at),
        "last_scan_seconds": status.last_scan_seconds,
        "folders": status.folders,
        "watches": status.watches,
        "left_alone": status.left_alone,
        "host": record.process.host,
        "pid": record.process.pid,
    }


def watch_blocks(watch: Watch, now: float) -> list[Block]:
    """Return a watched folder for people: its state, its counts, and the files that it waits for."""
    record, status = watch
    problem = f": {status.problem}" if status.problem else ""
    state = Text(f"{status.state}{problem}", _TONES.get(status.state, Tone.QUIET))
    facts: list[tuple[str, Cell]] = [("watched", relative_path(record.path)), ("state", state)]
    if not status.is_stopped:
        facts += _counts(status, now)
    files = [
        Text(
            "",
            Tone.WARNING,
            indent=2,
            path=relative_path(file.path),
            after=f"  {file.reason}, {describe_seconds(file.seconds)}",
        )
        for file in status.longest
    ]
    return [Text(), Facts(facts), *files]


def _counts(status: WatchStatus, now: float) -> list[tuple[str, Cell]]:
    facts: list[tuple[str, Cell]] = [("files", _files(status))]
    if status.last_scan_at:
        ago = describe_seconds(max(0.0, now - status.last_scan_at))
        took = describe_seconds(status.last_scan_seconds or 0.0)
        facts.append(("last scan", f"{ago} ago, {describe_count(status.folders, 'folder')} in {took}"))
    if status.left_alone:
        facts.append(("left alone", f"{describe_counts(status.left_alone)} (see follow_links)"))
    if status.watches is not None:
        facts.append(("watches", f"{status.watches:,} of the system's in use"))
    return facts


def _files(status: WatchStatus) -> str:
    parts = [f"{status.queued:,} queued", f"{status.waiting:,} waiting to be complete"]
    if status.missed:
        parts.append(f"{status.missed:,} found by scans that events missed")
    return ", ".join(parts)

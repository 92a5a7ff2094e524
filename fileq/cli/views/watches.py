"""The watched folders, as `status` tells of them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from fileq.cli.times import iso_or_none
from fileq.display import Facts, Text, Tone
from fileq.display.answer import Block, Cell
from fileq.ledger import Ledger
from fileq.ledger.tables.watches import WatchRecord, is_watcher_gone
from fileq.units import describe_count, describe_seconds
from fileq.watch.links import describe_counts

_TONES = {"events": Tone.GOOD, "polling": Tone.GOOD, "catching up": Tone.BUSY, "offline": Tone.BAD}


def watch_statuses(ledger: Ledger, now: float) -> list[dict[str, Any]]:
    """What their watchers said last of the folders; a folder whose watcher is gone is "stopped"."""
    return [_standing(record, now) for record in ledger.watches.list_watches()]


def _standing(record: WatchRecord, now: float) -> dict[str, Any]:
    said: dict[str, Any] = msgspec.to_builtins(record.status) | {"path": record.path}
    said["state"] = said["state"] or "stopped"
    if said["state"] != "stopped" and _is_gone(record, now):
        said |= {"state": "stopped", "problem": "its watcher was killed", "waiting": 0, "longest": [], "watches": None}
    return said | {"pid": record.process.pid, "host": record.process.host, "said_at": record.said_at}


def _is_gone(record: WatchRecord, now: float) -> bool:
    return is_watcher_gone(record, now)


def watch_documents(watches: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "path": watch["path"],
            "state": watch["state"],
            "problem": watch.get("problem") or None,
            "queued": watch["queued"],
            "waiting": watch["waiting"],
            "longest": watch["longest"],
            "missed_by_events": watch.get("missed", 0),
            "rebuilt": watch.get("rebuilt", 0),
            "last_scan_at": iso_or_none(watch.get("last_scan_at")),
            "last_scan_seconds": watch.get("last_scan_seconds"),
            "folders": watch.get("folders", 0),
            "watches": watch.get("watches"),
            "left_alone": watch.get("left_alone", {}),
            "host": watch["host"],
            "pid": watch["pid"],
        }
        for watch in watches
    ]


def watch_blocks(watches: Sequence[dict[str, Any]], now: float) -> list[Block]:
    return [block for watch in watches for block in _blocks(watch, now)]


def _blocks(watch: dict[str, Any], now: float) -> list[Block]:
    facts: list[tuple[str, Cell]] = [("watched", watch["path"])]
    problem = f": {watch['problem']}" if watch.get("problem") else ""
    facts.append(("state", Text(f"{watch['state']}{problem}", _TONES.get(watch["state"], Tone.QUIET))))
    if watch["state"] != "stopped":
        facts.append(("files", _files(watch)))
        if watch.get("last_scan_at"):
            ago = describe_seconds(max(0.0, now - watch["last_scan_at"]))
            took = describe_seconds(watch["last_scan_seconds"] or 0.0)
            facts.append(("last scan", f"{ago} ago, {describe_count(watch['folders'], 'folder')} in {took}"))
        if watch.get("left_alone"):
            facts.append(("left alone", f"{describe_counts(watch['left_alone'])} (see follow_links)"))
        if watch.get("watches") is not None:
            facts.append(("watches", f"{watch['watches']:,} of the system's in use"))
    longest = [
        Text(f"{one['path']}  {one['reason']}, {describe_seconds(one['seconds'])}", Tone.WARNING, indent=2)
        for one in watch["longest"]
    ]
    return [Text(), Facts(facts), *longest]


def _files(watch: dict[str, Any]) -> str:
    parts = [f"{watch['queued']:,} queued", f"{watch['waiting']:,} waiting to be complete"]
    if watch.get("missed"):
        parts.append(f"{watch['missed']:,} found by scans that events missed")
    return ", ".join(parts)

"""The disks of the database and of the outputs: whether there is room."""

import os
import shutil
from collections.abc import Iterator

from fileq.errors import LedgerError
from fileq.ledger import Ledger
from fileq.units import describe_bytes
from fileq.upkeep.health.case import Case, Room
from fileq.upkeep.health.check import Finding, bad, first, ok, together, warning

_WEEK = 7 * 86400.0
_BAD_SHARE, _BAD_BYTES = 0.01, 500_000_000
_LOW_SHARE, _LOW_BYTES = 0.05, 2_000_000_000
_REMEDY = "Free some space there; fileq clean removes old outputs as [retention] says."


def room_at(folder: str) -> Room:
    """Raises OSError."""
    usage = shutil.disk_usage(folder)
    return Room(usage.total, usage.free)


def disk(case: Case) -> Finding:
    places = _disks(case)
    found = [_judged(folder, case.room(folder)) for folder in places]
    return together(found, ok(f"{first(one.message for one in found)}."))


def _judged(folder: str, room: Room) -> Finding:
    left = f"{describe_bytes(room.free)} of {describe_bytes(room.total)}"
    message = f"The disk of {folder} has only {left} left."
    if room.free < min(_BAD_SHARE * room.total, _BAD_BYTES):
        return bad(message, _REMEDY)
    if room.free < min(_LOW_SHARE * room.total, _LOW_BYTES):
        return warning(message, _REMEDY)
    return ok(f"{folder} has {left} left")


def _disks(case: Case) -> list[str]:
    """One folder on each disk that matters."""
    by_device: dict[int, str] = {}
    for folder in _folders(case):
        there = _nearest(folder)
        by_device.setdefault(os.stat(there).st_dev, there)
    return list(by_device.values())


def _folders(case: Case) -> Iterator[str]:
    yield os.path.dirname(os.path.abspath(case.database))
    yield from (watch.out for watch in case.config.settings.watch if watch.out)
    if isinstance(case.opened, Ledger):
        yield from _of_outputs(case.opened, case.now)


def _of_outputs(ledger: Ledger, now: float) -> list[str]:
    try:
        return ledger.vitals.folders(now - _WEEK)
    except LedgerError:  # the check of the database says it; the disk may be the reason
        return []


def _nearest(folder: str) -> str:
    """The folder, or the nearest above it that is there."""
    while not os.path.isdir(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder

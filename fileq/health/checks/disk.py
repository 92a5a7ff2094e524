"""The disks of the database and of the outputs: whether there is room."""

import os
import shutil
from collections.abc import Iterator

from fileq.errors import LedgerError
from fileq.health.check import Finding, bad, first, ok, together, warning
from fileq.health.context import Case, Room
from fileq.ledger import Ledger
from fileq.units import describe_bytes

_WEEK = 7 * 86400.0
_BAD_SHARE, _BAD_BYTES = 0.01, 500_000_000
_LOW_SHARE, _LOW_BYTES = 0.05, 2_000_000_000
_REMEDY = "Free some space there; fileq clean removes old outputs as [retention] says."


def room_at(folder: str) -> Room:
    """Raises OSError."""
    usage = shutil.disk_usage(folder)
    return Room(usage.total, usage.free)


def disk(case: Case) -> Finding:
    found: list[Finding] = []
    seen: set[int] = set()
    for folder in dict.fromkeys(map(nearest, _folders(case))):
        try:
            device = os.stat(folder).st_dev
            if device not in seen:
                found.append(_judged(folder, case.room(folder)))
            seen.add(device)
        except OSError as error:
            message = f"The disk of {folder} can't be asked for its space: {error.strerror}."
            found.append(bad(message, "Mount it anew, or change the folder in the config."))
    return together(found, ok(f"{first(one.message for one in found)}."))


def _judged(folder: str, room: Room) -> Finding:
    left = f"{describe_bytes(room.free)} of {describe_bytes(room.total)}"
    message = f"The disk of {folder} has only {left} left."
    if room.free < min(_BAD_SHARE * room.total, _BAD_BYTES):
        return bad(message, _REMEDY)
    if room.free < min(_LOW_SHARE * room.total, _LOW_BYTES):
        return warning(message, _REMEDY)
    return ok(f"{folder} has {left} left")


def _folders(case: Case) -> Iterator[str]:
    yield os.path.dirname(os.path.abspath(case.database))
    yield from (watch.out for watch in case.config.settings.watch if watch.out)
    if isinstance(case.opened, Ledger):
        yield from _of_outputs(case.opened, case.now)


def _of_outputs(ledger: Ledger, now: float) -> list[str]:
    try:
        return ledger.health.list_output_folders(now - _WEEK)
    except LedgerError:  # the check of the database says it; the disk may be the reason
        return []


def nearest(folder: str) -> str:
    """The folder, or the nearest above it that is there."""
    while not os.path.isdir(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder

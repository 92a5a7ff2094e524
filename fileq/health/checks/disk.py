"""The disks of the database and of the outputs: whether there is space."""

import os
import shutil
from collections.abc import Iterator

from fileq.config import is_server
from fileq.errors import LedgerError
from fileq.health.check import CheckContext, DiskSpace, Finding, bad, combine, ok, shorten_list, warning
from fileq.ledger import Ledger
from fileq.units import describe_bytes

_WEEK = 7 * 86400.0
_BAD_SHARE, _BAD_BYTES = 0.01, 500_000_000
_LOW_SHARE, _LOW_BYTES = 0.05, 2_000_000_000
_REMEDY = "Free some space there; fileq clean removes old outputs as [retention] says."


def measure_disk_space(folder: str) -> DiskSpace:
    """Return the space of the disk of a folder. Raises OSError."""
    usage = shutil.disk_usage(folder)
    return DiskSpace(usage.total, usage.free)


def check_disk(context: CheckContext) -> Finding:
    """Check that each disk that fileq writes to has space."""
    findings: list[Finding] = []
    seen: set[int] = set()
    for folder in dict.fromkeys(map(nearest_folder, _folders(context))):
        try:
            device = os.stat(folder).st_dev
            if device not in seen:
                findings.append(_judged(folder, context.measure_space(folder)))
            seen.add(device)
        except OSError as error:
            message = f"The disk of {folder} can't be asked for its space: {error.strerror}."
            findings.append(bad(message, "Remount it, or change the folder in the config."))
    if not findings:
        return ok("No folder to look at: the database is on a server, and no job has outputs on this host.")
    return combine(findings, ok(f"{shorten_list(finding.message for finding in findings)}."))


def _judged(folder: str, space: DiskSpace) -> Finding:
    left = f"{describe_bytes(space.free)} of {describe_bytes(space.total)}"
    message = f"The disk of {folder} has only {left} left."
    if space.free < min(_BAD_SHARE * space.total, _BAD_BYTES):
        return bad(message, _REMEDY)
    if space.free < min(_LOW_SHARE * space.total, _LOW_BYTES):
        return warning(message, _REMEDY)
    return ok(f"{folder} has {left} left")


def _folders(context: CheckContext) -> Iterator[str]:
    if not is_server(context.database_address):
        yield os.path.dirname(os.path.abspath(context.database_address))
    yield from (watch.out for watch in context.config.settings.watch if watch.out)
    if isinstance(context.opened_ledger, Ledger):
        yield from _of_outputs(context.opened_ledger, context.now)


def _of_outputs(ledger: Ledger, now: float) -> list[str]:
    try:
        return ledger.health.list_output_folders(now - _WEEK)
    except LedgerError:  # the check of the database says it; the disk may be the reason
        return []


def nearest_folder(folder: str) -> str:
    """Return the folder, or the nearest above it that is there."""
    while not os.path.isdir(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder

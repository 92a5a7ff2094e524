"""The temp files: whether some are left that nobody will finish."""

import os
from collections.abc import Iterator

from fileq.files.names import temp_name_pattern
from fileq.health.check import CheckContext, Finding, ok, shorten_list, warning
from fileq.ledger import Ledger
from fileq.units import describe_bytes, describe_count

_WEEK = 7 * 86400.0
_FOLDERS = 200


def check_leftover_temps(context: CheckContext) -> Finding:
    """Check that no temp file is left that no attempt is making."""
    ledger = context.ledger
    left = find_leftover_temps(ledger, context.now)
    if not left:
        return ok("No temp file is left over.")
    folders = shorten_list(dict.fromkeys(map(os.path.dirname, left)))
    return warning(
        f"{describe_count(len(left), 'temp file')} left over, {describe_bytes(sum(left.values()))}, in {folders}.",
        f"A worker removes those that it knows of. The others may go: .fileq-{ledger.name}-*",
    )


def find_leftover_temps(ledger: Ledger, now: float) -> dict[str, int]:
    """Return the temp files that no attempt is making, each with its size in bytes."""
    # First the files, then what runs, then the files again: a job may begin or end meanwhile.
    found = dict(_found(ledger, now))
    running = ledger.health.find_running_attempts({job for job, _ in found.values()})
    sizes = {path: _size(path) for path, (job, attempt) in found.items() if running.get(job) != attempt}
    sizes |= {path: _size(path) for path in ledger.leftover_temps.list_temps()}
    return {path: size for path, size in sizes.items() if size is not None}


def _found(ledger: Ledger, now: float) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the temp files of this ledger that are there, each with the job and the attempt that it was made for."""
    mine = temp_name_pattern(ledger.name)
    known = (os.path.dirname(temp) for _, temp in ledger.outputs.find_abandoned_paths())
    folders = [
        *known,
        *ledger.health.list_recent_output_folders(now - _WEEK, _FOLDERS),
        *ledger.health.list_output_folders(now - _WEEK),
    ]
    for folder in list(dict.fromkeys(folders))[:_FOLDERS]:
        for name in _names(folder):
            match = mine.fullmatch(name)
            if match:
                yield os.path.join(folder, name), (int(match["job"]), int(match["attempt"]))


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # it is gone, or offline
        return []


def _size(path: str) -> int | None:
    """Return a file's size in bytes; None where it is gone by now."""
    try:
        return os.lstat(path).st_size
    except OSError:
        return None

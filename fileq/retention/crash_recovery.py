"""What a crash in the middle of a removal has left is brought to its end."""

import os

from fileq.files.directory import Directory, FolderMissing, FolderRemoved
from fileq.files.identity import is_same_file
from fileq.files.names import parse_removal_name
from fileq.files.no_clobber import restore_name
from fileq.ledger import Ledger
from fileq.ledger.queries.retention import InterruptedRemoval
from fileq.retention.result import Cleaned
from fileq.retention.verification import Places


def finish(ledger: Ledger, places: Places, cleaned: Cleaned, now: float, *, dry_run: bool) -> None:
    """Remove what has its hidden name, and bring back what should not have it."""
    for left in ledger.retention.find_interrupted_removals():
        try:
            place = places.at(os.path.dirname(left.path))
            done = _finish(ledger, place, left, cleaned, now, dry_run=dry_run)
        except FolderRemoved:
            done = True
        except FolderMissing:  # the file may come back, with its folder
            done = False
        except OSError as error:
            cleaned.failed_at(left.path, error.strerror or str(error))
            done = False
        if done and not dry_run:
            ledger.retention.clear_hidden_paths([(left.path, left.hidden)])


def _finish(
    ledger: Ledger, place: Directory, left: InterruptedRemoval, cleaned: Cleaned, now: float, *, dry_run: bool
) -> bool:
    """Whether nothing is left to do."""
    hidden, name = os.path.basename(left.hidden), os.path.basename(left.path)
    inode, version = parse_removal_name(hidden)
    status = place.lstat(hidden)
    if status is None:
        return _has_no_cover(ledger, place, left, now, dry_run=dry_run)
    if not is_same_file(status, inode, version):
        cleaned.kept_changed += 1
        if not dry_run:
            restore_name(place, hidden, name)
        return True
    named = place.lstat(name)
    if named is not None and os.path.samestat(named, status):  # it was on its way back
        if not dry_run:
            restore_name(place, hidden, name)
            ledger.retention.record_kept(left.path, left.hidden, version)
        return True
    if not dry_run:
        if left.version == version:
            ledger.retention.record_removed(left.path, left.hidden, now)
        place.unlink(hidden)
        place.sync()
    cleaned.went(left.path, left.bytes)
    return True


def _has_no_cover(ledger: Ledger, place: Directory, left: InterruptedRemoval, now: float, *, dry_run: bool) -> bool:
    """It was not hidden yet, or has gone already; after a loss of power it may even be back."""
    inode, version = parse_removal_name(os.path.basename(left.hidden))
    status = place.lstat(os.path.basename(left.path))
    is_back = left.version is None and status is not None and is_same_file(status, inode, version)
    if is_back and not dry_run:
        ledger.retention.record_kept(left.path, left.hidden, version)
    if status is None and left.version is not None and not dry_run:  # it went, and a loss of power undid the note of it
        ledger.retention.record_removed(left.path, left.hidden, now)
    return True

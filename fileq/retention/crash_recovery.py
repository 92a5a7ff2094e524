"""The recovery of removals that a crash has interrupted: each is finished, or undone."""

import os

from fileq.files.directory import Directory, FolderMissing, FolderRemoved
from fileq.files.identity import is_same_file
from fileq.files.names import parse_removal_name
from fileq.files.no_clobber import restore_name
from fileq.ledger import Ledger
from fileq.ledger.queries.retention import InterruptedRemoval
from fileq.retention.result import CleanupResult
from fileq.retention.verification import DirectoryCache


def finish_removals(
    ledger: Ledger, directories: DirectoryCache, result: CleanupResult, now: float, *, dry_run: bool
) -> None:
    """Remove the outputs that have their hidden names, and restore what should not have one. Raises LedgerError."""
    for removal in ledger.retention.find_interrupted_removals():
        try:
            directory = directories.open(os.path.dirname(removal.path))
            done = _finish_removal(ledger, directory, removal, result, now, dry_run=dry_run)
        except FolderRemoved:
            done = True
        except FolderMissing:  # the file may come back, with its folder
            done = False
        except OSError as error:
            result.add_failure(removal.path, error.strerror or str(error))
            done = False
        if done and not dry_run:
            ledger.retention.clear_hidden_paths([(removal.path, removal.hidden_path)])


def _finish_removal(
    ledger: Ledger,
    directory: Directory,
    removal: InterruptedRemoval,
    result: CleanupResult,
    now: float,
    *,
    dry_run: bool,
) -> bool:
    """Return whether nothing is left to do for this removal. Raises OSError."""
    hidden, name = os.path.basename(removal.hidden_path), os.path.basename(removal.path)
    inode, version = parse_removal_name(hidden)
    status = directory.lstat(hidden)
    if status is None:
        return _finish_without_hidden_file(ledger, directory, removal, now, dry_run=dry_run)
    if not is_same_file(status, inode, version):
        result.kept_changed += 1
        if not dry_run:
            restore_name(directory, hidden, name)
        return True
    named = directory.lstat(name)
    if named is not None and os.path.samestat(named, status):  # it was on its way back
        if not dry_run:
            restore_name(directory, hidden, name)
            ledger.retention.record_kept(removal.path, removal.hidden_path, version)
        return True
    if not dry_run:
        if removal.version == version:
            ledger.retention.record_removed(removal.path, removal.hidden_path, now)
        directory.unlink(hidden)
        directory.sync()
    result.add_removed(removal.path, removal.bytes)
    return True


def _finish_without_hidden_file(
    ledger: Ledger, directory: Directory, removal: InterruptedRemoval, now: float, *, dry_run: bool
) -> bool:
    """Finish what was not hidden yet, or is removed already; after a loss of power it may even be back."""
    inode, version = parse_removal_name(os.path.basename(removal.hidden_path))
    status = directory.lstat(os.path.basename(removal.path))
    is_back = removal.version is None and status is not None and is_same_file(status, inode, version)
    if is_back and not dry_run:
        ledger.retention.record_kept(removal.path, removal.hidden_path, version)
    if (
        status is None and removal.version is not None and not dry_run
    ):  # it went, and a loss of power undid the note of it
        ledger.retention.record_removed(removal.path, removal.hidden_path, now)
    return True

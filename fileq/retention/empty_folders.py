"""The removal of folders that fileq made and retention has emptied, and of those above them that fileq made too."""

import os
from collections.abc import Callable

from fileq.files.directory import FolderMissing, open_without_links
from fileq.ledger import Ledger
from fileq.ledger.tables.sources.folders import FolderRecord


def remove_empty_folders(ledger: Ledger, stop: Callable[[], bool]) -> int:
    """Remove the folders that retention has emptied, and return how many they were."""
    removed = 0
    for emptied in ledger.folders.find_maybe_empty_folders():
        folder: FolderRecord | None = emptied
        while folder is not None and not stop() and _remove_folder(ledger, folder):
            removed += 1
            folder = ledger.folders.find_folder(os.path.dirname(folder.path))
    return removed


def _remove_folder(ledger: Ledger, folder: FolderRecord) -> bool:
    """Remove a folder that is empty, fileq's own, and the same still; return whether it went.

    In a transaction, like reserving an output, which has its folder made: no job loses the folder that it counts on.
    """
    with ledger.transaction():
        if folder.created_by_fileq and _is_expected(ledger, folder):
            return False
        try:
            gone = folder.created_by_fileq and _rmdir(folder)
        except OSError:  # it holds something, or can't be removed: it is looked at again next time
            ledger.folders.set_maybe_empty(folder.path, maybe_empty=True)
            return False
        if gone:
            ledger.folders.delete_folder(folder.path)
        else:
            ledger.folders.set_maybe_empty(folder.path, maybe_empty=False)
        return gone


def _is_expected(ledger: Ledger, folder: FolderRecord) -> bool:
    """Return whether an output is being made in the folder, under whichever name of the folder."""
    if folder.path in (paths := ledger.folders.list_reserved_folders()):
        return True
    others = (ledger.folders.find_folder(path) for path in paths)
    return any(other is not None and other.real_path == folder.real_path for other in others)


def _rmdir(folder: FolderRecord) -> bool:
    above, name = os.path.split(folder.real_path)
    try:
        with open_without_links(above, folder.device) as directory:
            status = directory.lstat(name)
            if status is None or not folder.is_same_folder(status):
                return False
            directory.rmdir(name)
    except FolderMissing:
        return False
    return True

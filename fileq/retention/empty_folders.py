"""Folders that fileq made go when retention has emptied them, and those above them that fileq made too."""

import os
from collections.abc import Callable

from fileq.files.directory import FolderMissing, open_without_links
from fileq.ledger import Ledger
from fileq.ledger.tables.folders import FolderRecord


def remove_empty(ledger: Ledger, stop: Callable[[], bool]) -> int:
    """How many folders went."""
    removed = 0
    for thinned in ledger.folders.find_maybe_empty_folders():
        folder: FolderRecord | None = thinned
        while folder is not None and not stop() and _remove(ledger, folder):
            removed += 1
            folder = ledger.folders.find_folder(os.path.dirname(folder.path))
    return removed


def _remove(ledger: Ledger, folder: FolderRecord) -> bool:
    """Whether the folder went: it was empty, fileq's own, and the same still.

    In a transaction, like reserving an output, which has its folder made: no job loses the folder that it counts on.
    """
    with ledger.transaction():
        if folder.made and _is_expected(ledger, folder):
            return False
        try:
            gone = folder.made and _rmdir(folder)
        except OSError:  # it holds something, or can't be removed: it is looked at again next time
            ledger.folders.set_maybe_empty(folder.path, thinned=True)
            return False
        if gone:
            ledger.folders.delete_folder(folder.path)
        else:
            ledger.folders.set_maybe_empty(folder.path, thinned=False)
        return gone


def _is_expected(ledger: Ledger, folder: FolderRecord) -> bool:
    """Whether an output is being made in it, under whichever name of the folder."""
    if folder.path in (paths := ledger.folders.list_reserved_folders()):
        return True
    others = (ledger.folders.find_folder(path) for path in paths)
    return any(other is not None and other.real == folder.real for other in others)


def _rmdir(folder: FolderRecord) -> bool:
    above, name = os.path.split(folder.real)
    try:
        with open_without_links(above, folder.device) as place:
            status = place.lstat(name)
            if status is None or not folder.is_still(status):
                return False
            place.rmdir(name)
    except FolderMissing:
        return False
    return True

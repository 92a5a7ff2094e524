"""What outputs took the place of: it is put back, or goes once it has been kept long enough.

It is kept under a hidden name in the same folder. To be put back it swaps names with the output, in one step where the
system can; a file that somebody has saved in the output's place keeps its name.
"""

import os
from contextlib import suppress
from enum import Enum, auto

from fileq.files.directory import Directory, FolderMissing
from fileq.files.identity import is_same_file
from fileq.files.no_clobber import rename_no_clobber
from fileq.ledger import Ledger
from fileq.ledger.tables.replaced_files import ReplacedFile
from fileq.retention.verification import DirectoryCache


class PutBack(Enum):
    """What became of a file that was replaced."""

    DONE = auto()
    """It has its name again."""
    GONE = auto()
    """It was not kept."""
    CHANGED = auto()
    """Somebody has changed what took its place, or makes it anew: both stay."""


def put_back(
    ledger: Ledger, directories: DirectoryCache, replaced: ReplacedFile, now: float, *, dry_run: bool
) -> PutBack:
    """Give what was replaced its name again, in the place of the output; or say what would happen. Raises OSError."""
    try:
        directory = directories.open(os.path.dirname(replaced.path))
    except FolderMissing:
        return PutBack.GONE
    if dry_run:
        return _expected(directory, replaced)
    # In a transaction, like reserving an output: nobody begins to replace a file that goes at the same time.
    with ledger.transaction():
        if not ledger.replaced_files.is_settled(replaced.path):
            return PutBack.CHANGED
        outcome = _swap(directory, replaced)
        if outcome is PutBack.DONE:
            directory.sync()
            ledger.replaced_files.record_put_back(replaced, now)
    if outcome is PutBack.DONE:
        _remove_output(directory, replaced)
        ledger.replaced_files.delete_file(replaced.row_id)
    return outcome


def _expected(directory: Directory, replaced: ReplacedFile) -> PutBack:
    kept, there = _look(directory, replaced)
    if kept is None:
        return PutBack.GONE
    if there is None or os.path.samestat(there, kept) or _is_output(kept, replaced) or _is_output(there, replaced):
        return PutBack.DONE
    return PutBack.CHANGED


def _look(directory: Directory, replaced: ReplacedFile) -> tuple[os.stat_result | None, os.stat_result | None]:
    return directory.lstat(os.path.basename(replaced.kept_path)), directory.lstat(os.path.basename(replaced.path))


def _is_output(status: os.stat_result, replaced: ReplacedFile) -> bool:
    return any(is_same_file(status, inode, version) for inode, version in replaced.output_versions)


def _swap(directory: Directory, replaced: ReplacedFile) -> PutBack:
    expected = _expected(directory, replaced)
    kept, there = _look(directory, replaced)
    if expected is not PutBack.DONE or kept is None or _is_output(kept, replaced):
        return expected  # where the output has the hidden name, a crash came between the swap and its end
    hidden, name = os.path.basename(replaced.kept_path), os.path.basename(replaced.path)
    if there is None:
        rename_no_clobber(directory, hidden, directory, name)
    elif not os.path.samestat(there, kept):
        if not directory.exchange(hidden, name):
            directory.replace(hidden, name)
            return PutBack.DONE
        swapped = directory.lstat(hidden)
        if swapped is None or not _is_output(swapped, replaced):  # somebody has saved it in this moment
            directory.exchange(hidden, name)
            return PutBack.CHANGED
    return PutBack.DONE


def _remove_output(directory: Directory, replaced: ReplacedFile) -> None:
    """Remove what has the hidden name: the output, or a second name of what was never replaced."""
    kept, there = _look(directory, replaced)
    if kept is not None and (_is_output(kept, replaced) or (there is not None and os.path.samestat(there, kept))):
        directory.unlink(os.path.basename(replaced.kept_path))


def discard_replaced(ledger: Ledger, directories: DirectoryCache, before: float) -> int:
    """Remove what was replaced before this moment, in seconds since the epoch; return how many bytes that were."""
    freed = 0
    for replaced in ledger.replaced_files.list_older(before):
        with suppress(OSError, FolderMissing):  # its drive is away, or it can't be removed: it stays known
            directory = directories.open(os.path.dirname(replaced.path))
            kept, _ = _look(directory, replaced)
            if kept is not None:
                directory.unlink(os.path.basename(replaced.kept_path))
                freed += kept.st_size if kept.st_nlink == 1 else 0
            ledger.replaced_files.delete_file(replaced.row_id)
    return freed

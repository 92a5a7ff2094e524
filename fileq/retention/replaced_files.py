"""What outputs took the place of: it is put back, or goes once it has been kept long enough.

It is kept beside the ledger; where that is on another drive, or other hosts share the output's folder, in that folder
under a hidden name. To be put back it swaps names with the output, in one step where the system can; a file that
somebody has saved in the output's place keeps its name.
"""

import os
from contextlib import AbstractContextManager, nullcontext, suppress
from enum import Enum, auto

import msgspec

from fileq.files.directory import Directory, FolderMissing, open_directory
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
        with _open_kept_folder(directories, replaced) as kept_folder:
            place = _Place(directories.open(os.path.dirname(replaced.path)), kept_folder)
            return place.expect(replaced) if dry_run else _put_back(ledger, place, replaced, now)
    except (FolderMissing, FileNotFoundError):
        return PutBack.GONE


def _open_kept_folder(directories: DirectoryCache, replaced: ReplacedFile) -> AbstractContextManager[Directory]:
    folder = os.path.dirname(replaced.kept_path)
    if folder == os.path.dirname(replaced.path):
        return nullcontext(directories.open(folder))
    return open_directory(folder)  # our own, which nobody else may write to


def _put_back(ledger: Ledger, place: "_Place", replaced: ReplacedFile, now: float) -> PutBack:
    # In a transaction, like reserving an output: nobody begins to replace a file that goes at the same time.
    with ledger.transaction():
        if not ledger.replaced_files.is_settled(replaced.path):
            return PutBack.CHANGED
        outcome = place.swap(replaced)
        if outcome is PutBack.DONE:
            place.folder.sync()
            ledger.replaced_files.record_put_back(replaced, now)
    if outcome is PutBack.DONE:
        place.remove_output(replaced)
        ledger.replaced_files.delete_file(replaced.row_id)
    return outcome


class _Place(msgspec.Struct, frozen=True):
    """The folder of an output, and the one where the file is kept that it took the place of."""

    folder: Directory
    kept_folder: Directory

    def look(self, replaced: ReplacedFile) -> tuple[os.stat_result | None, os.stat_result | None]:
        """Return the status of what is kept, and of what has its place."""
        kept = self.kept_folder.lstat(os.path.basename(replaced.kept_path))
        return kept, self.folder.lstat(os.path.basename(replaced.path))

    def expect(self, replaced: ReplacedFile) -> PutBack:
        """Return what would become of the file that is kept."""
        kept, there = self.look(replaced)
        if kept is None:  # or a crash came between the swap's end and the ledger's
            return PutBack.DONE if replaced.is_put_back else PutBack.GONE
        if there is None or os.path.samestat(there, kept) or _is_output(kept, replaced) or _is_output(there, replaced):
            return PutBack.DONE
        return PutBack.CHANGED

    def swap(self, replaced: ReplacedFile) -> PutBack:
        """Have the file that is kept and the output swap their names; return what became of it."""
        expected = self.expect(replaced)
        kept, there = self.look(replaced)
        if expected is not PutBack.DONE or kept is None or _is_output(kept, replaced):
            return expected  # where the output has the hidden name, a crash came between the swap and its end
        hidden, name = os.path.basename(replaced.kept_path), os.path.basename(replaced.path)
        if there is None:
            rename_no_clobber(self.kept_folder, hidden, self.folder, name)
        elif not os.path.samestat(there, kept):
            if not self.kept_folder.exchange(hidden, name, self.folder):
                self.kept_folder.replace(hidden, name, self.folder)
                return PutBack.DONE
            swapped = self.kept_folder.lstat(hidden)
            if swapped is None or not _is_output(swapped, replaced):  # somebody has saved it in this moment
                self.kept_folder.exchange(hidden, name, self.folder)
                return PutBack.CHANGED
        return PutBack.DONE

    def remove_output(self, replaced: ReplacedFile) -> None:
        """Remove what has the hidden name: the output, or a second name of what was never replaced."""
        kept, there = self.look(replaced)
        if kept is not None and (_is_output(kept, replaced) or (there is not None and os.path.samestat(there, kept))):
            self.kept_folder.unlink(os.path.basename(replaced.kept_path))


def _is_output(status: os.stat_result, replaced: ReplacedFile) -> bool:
    return any(is_same_file(status, inode, version) for inode, version in replaced.output_versions)


def discard_replaced(ledger: Ledger, directories: DirectoryCache, before: float) -> int:
    """Remove what was replaced before this moment, in seconds since the epoch; return how many bytes that were."""
    freed = 0
    for replaced in ledger.replaced_files.list_older(before):
        with suppress(OSError, FolderMissing):  # its drive is away, or it can't be removed: it stays known
            with suppress(FileNotFoundError), _open_kept_folder(directories, replaced) as folder:
                freed += _remove(folder, os.path.basename(replaced.kept_path))
            ledger.replaced_files.delete_file(replaced.row_id)
    return freed


def _remove(folder: Directory, name: str) -> int:
    """Remove a file where it is; return how many bytes that frees."""
    status = folder.lstat(name)
    if status is None:
        return 0
    folder.unlink(name)
    return status.st_size if status.st_nlink == 1 else 0

"""The folders of outputs are made where they are missing; a folder whose drive is away is another matter."""

import os

from fileq.errors import ErrorKind, FolderUnavailable, JobError, translate_os_errors
from fileq.files.directory import is_drive_missing, make_folders
from fileq.ledger import Ledger
from fileq.ledger.tables.folders import FolderRecord


def prepare_folder(ledger: Ledger, path: str) -> None:
    """Make the folder of an output where it is missing, and remember it. Raises JobError.

    Done inside the transaction that reserves the output: retention removes no folder meanwhile, nor afterwards.
    What is known is asked of the ledger, at 3 µs: retention in another process may have removed the folder, and the
    next folder at that path may have the same inode.
    """
    with translate_os_errors(path):
        known = ledger.folders.find_folder(path)
        if known is not None and _is_away(known):
            raise _drive_away(path, "choose another folder, or put any file there.")
        made = set(_make(path))
        status = os.stat(path)
        if made or known is None or not known.is_same_folder(status):
            for one in made | {path}:
                ledger.folders.upsert_folder(one, made=one in made)


def find_source_drive_away(ledger: Ledger, source: str) -> FolderUnavailable | None:
    """Return what to say of a source that is missing as its folder's drive is; None where the drive is there.

    The folder is known from when the source was queued. It is nobody's loss that it isn't known of older jobs.
    """
    folder = os.path.dirname(source)
    known = ledger.folders.find_folder(folder)
    if known is None or os.path.lexists(source) or not _is_away(known):
        return None
    return _drive_away(folder, "cancel its jobs.")


def _drive_away(path: str, instead: str) -> FolderUnavailable:
    hint = f"Mount it. If it is not to come back, {instead}"
    return FolderUnavailable(ErrorKind.MISSING, f"The drive of {path} is not there.", hint, path)


def _is_away(known: FolderRecord) -> bool:
    """Whether its drive was taken out: then it is missing, or an empty mount point that is on the drive below."""
    if not is_drive_missing(known.real_path, known.device):
        return False
    try:
        return not os.path.ismount(known.real_path) and not os.listdir(known.real_path)
    except FileNotFoundError:
        return True


def _make(path: str) -> list[str]:
    try:
        return make_folders(path)
    except (FileExistsError, NotADirectoryError) as error:
        raise JobError(
            ErrorKind.CONFLICT,
            f"The folder {path} can't be made: a file stands in its place, or in that of a folder above it.",
            "Move that file away and retry, or choose another folder.",
        ) from error

"""The folders of outputs: they are made where they are missing, and remembered, so that retention knows them again."""

import os

from fileq.errors import ErrorKind, JobError, os_failures
from fileq.files.directory import make_folders
from fileq.ledger import Ledger


def make_ready(ledger: Ledger, path: str) -> None:
    """Have the folder of an output there. Raises JobError.

    Done inside the transaction that reserves the output: retention removes no folder meanwhile, nor afterwards.
    What is known is asked of the ledger, at 3 µs: retention in another process may have removed the folder, and the
    next folder at that path may have the same inode.
    """
    with os_failures(path):
        made = set(_make(path))
        status = os.stat(path)
        known = ledger.folders.at(path)
        if made or known is None or not known.is_still(status):
            for one in made | {path}:
                ledger.folders.note(one, made=one in made)


def _make(path: str) -> list[str]:
    try:
        return make_folders(path)
    except (FileExistsError, NotADirectoryError) as error:
        raise JobError(
            ErrorKind.CONFLICT,
            f"The folder {path} can't be made: a file stands in its place, or in that of a folder above it.",
            "Move that file away and retry, or choose another folder.",
        ) from error

"""The folders of outputs: they are made where they are missing, and remembered, so that retention knows them again."""

import os
from collections.abc import Iterator

from fileq.errors import ErrorKind, JobError, os_failures
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


def _make(path: str) -> Iterator[str]:
    """Make a folder and those above it that are missing; the ones that were not there."""
    if os.path.isdir(path):
        return
    above = os.path.dirname(path)
    if above != path:
        yield from _make(above)
    try:
        os.mkdir(path)
    except (FileExistsError, NotADirectoryError) as error:
        if os.path.isdir(path):  # somebody else was faster
            return
        raise JobError(
            ErrorKind.CONFLICT,
            f"The folder {path} can't be made: a file stands in its place.",
            "Move that file away and retry, or choose another folder.",
        ) from error
    yield path

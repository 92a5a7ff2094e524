"""What SQLite complains of, in plain words."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fileq.errors import LedgerError

_MEANINGS: list[tuple[Callable[[str], bool], str, str]] = [
    (
        lambda text: "locked" in text or "busy" in text,
        "is locked by another program",
        "Wait for it to end, then try again.",
    ),
    (lambda text: "readonly" in text, "can't be written", "Change its permissions, or choose another with --database."),
    (lambda text: "full" in text, "can't grow: the disk is full", "Free some space, then try again."),
    (
        lambda text: "not a database" in text or "malformed" in text,
        "is damaged, or no database at all",
        "Put a copy of it back, or choose another with --database. It was left as it is.",
    ),
    (
        lambda text: "unable to open" in text,
        "can't be opened",
        "Look at the permissions of the file and its folder, or choose another with --database.",
    ),
]


@contextmanager
def database_errors(path: str) -> Iterator[None]:
    """Say in plain words what SQLite complains of. Its words for our own mistakes pass as they are."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if type(error) not in (sqlite3.DatabaseError, sqlite3.OperationalError):
            raise
        for applies, what, remedy in _MEANINGS:
            if applies(str(error)):
                raise LedgerError(f"The database {path} {what}.", remedy) from error
        raise LedgerError(f"The database {path} can't be used: {error}.") from error

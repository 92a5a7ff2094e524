"""What PostgreSQL, or the way to it, complains of, in plain words."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout

from fileq.errors import LedgerError

_MEANINGS: list[tuple[tuple[type[Exception], ...], tuple[str, ...], str, str]] = [
    (
        (errors.LockNotAvailable, errors.QueryCanceled),
        (),
        "is locked by another program",
        "Wait for it to end, then try again.",
    ),
    (
        (errors.InvalidPassword, errors.InvalidAuthorizationSpecification),
        ("authentication failed", "pg_hba.conf", "no password supplied", "role "),
        "does not let this user in",
        "Look at the user's name, and give the password in PGPASSWORD or a service file.",
    ),
    (
        (errors.InvalidCatalogName,),
        ("does not exist",),
        "is not there",
        "Make it with createdb, or choose another with --database.",
    ),
    (
        (errors.ReadOnlySqlTransaction, errors.InsufficientPrivilege),
        (),
        "can't be written",
        "Give the user the right to create a schema in it, or choose another with --database.",
    ),
    (
        (errors.IdleInTransactionSessionTimeout,),
        (),
        "has taken back a change amid which nothing came for long",
        "Try again.",
    ),
    (
        (errors.DiskFull,),
        (),
        "can't grow: the server's disk is full",
        "Free some space there, then try again.",
    ),
    (
        (errors.TooManyConnections,),
        ("too many clients", "too many connections", "remaining connection slots"),
        "takes no more connections",
        "Raise the server's max_connections, or use fewer workers.",
    ),
]
"""Kinds of errors, and words: psycopg says of what goes wrong while it connects nothing but the server's words."""

_THEIRS = (
    psycopg.OperationalError, errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction,
    errors.IdleInTransactionSessionTimeout, PoolTimeout,
)  # fmt: skip
"""Others are mistakes in our own SQL."""


@contextmanager
def server_errors(path: str) -> Iterator[None]:
    """Say in plain words what the server complains of. Its words for our own mistakes pass as they are."""
    try:
        yield
    except psycopg.ProgrammingError as error:
        if error.sqlstate is not None:
            raise
        reason = " ".join(str(error).split()).rstrip(".")
        raise LedgerError(
            f"The database's address {path} can't be read: {reason}.",
            "Write it as postgresql://USER@HOST/NAME; in what follows a ?, = is %3D and a space is %20.",
        ) from error
    except _THEIRS as error:
        reason = " ".join(str(error).split()).rstrip(".") or "no answer"
        is_unnamed = type(error) is psycopg.OperationalError
        for kinds, words, what, remedy in _MEANINGS:
            if isinstance(error, kinds) or (is_unnamed and any(word in _last_part(reason) for word in words)):
                raise LedgerError(f"The database {path} {what}.", remedy) from error
        raise LedgerError(
            f"The database {path} can't be reached: {reason}.", "Look whether the server runs, and at its address."
        ) from error


def _last_part(reason: str) -> str:
    """Return the server's own words, without the names of hosts and files before them."""
    return reason.rpartition("FATAL:")[2] if "FATAL:" in reason else ""

"""What PostgreSQL, or the way to it, complains of, in plain words."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout

from fileq.errors import LedgerError


class _Meaning(msgspec.Struct, frozen=True):
    """What is said of a database for some kinds of errors, or for words of the server's.

    Words: psycopg says of what goes wrong while it connects nothing but those.
    """

    what: str
    remedy: str
    kinds: tuple[type[Exception], ...] = ()
    words: tuple[str, ...] = ()


_MEANINGS = (
    _Meaning(
        "is locked by another program", "Wait for it to end, then try again.", (errors.LockNotAvailable,)
    ),
    _Meaning(
        "has cut off a statement: it took too long for this user, or was cancelled",
        "Try again; if that does not help, raise the user's statement_timeout.",
        (errors.QueryCanceled,),
    ),
    _Meaning(
        "takes no more connections",
        "Raise max_connections of the server, or the limit of the user or the database; or use fewer workers.",
        (errors.TooManyConnections,),
        ("too many clients", "too many connections", "remaining connection slots"),
    ),
    _Meaning(
        "is just starting or stopping",
        "Wait a moment, then try again.",
        (errors.CannotConnectNow,),
        ("the database system is",),
    ),
    _Meaning(
        "has ended the connection",
        "Try again; where that does not help, look whether the server runs.",
        (errors.AdminShutdown, errors.CrashShutdown),
        ("terminating connection",),
    ),
    _Meaning(
        "does not let this user in",
        "Look at the user's name, and give the password in PGPASSWORD or a service file.",
        (errors.InvalidPassword, errors.InvalidAuthorizationSpecification),
        ("authentication failed", "no password supplied", "pg_hba.conf", "role ", "permission denied for database"),
    ),
    _Meaning(
        "is not there",
        "Make it with createdb, or choose another with --database.",
        (errors.InvalidCatalogName,),
        ("does not exist",),
    ),
    _Meaning(
        "can only be read",
        "Name the primary server where this is a standby; else turn default_transaction_read_only off.",
        (errors.ReadOnlySqlTransaction,),
    ),
    _Meaning(
        "can't be written by this user",
        "Give the user the right to create a schema in it, or its schema; or choose another with --database.",
        (errors.InsufficientPrivilege,),
    ),
    _Meaning(
        "has taken back a change amid which nothing came for long",
        "Try again.",
        (errors.IdleInTransactionSessionTimeout,),
    ),
    _Meaning(
        "can't grow: the server's disk is full", "Free some space there, then try again.",
        (errors.DiskFull,), ("No space left",),
    ),
)  # fmt: skip

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
    except _THEIRS as error:
        reason = " ".join(str(error).partition("\n\tIs the server running")[0].split()).rstrip(".") or "no answer"
        is_unnamed = type(error) is psycopg.OperationalError
        for meaning in _MEANINGS:
            if isinstance(error, meaning.kinds) or (is_unnamed and _has_words(reason, meaning.words)):
                raise LedgerError(f"The database {path} {meaning.what}.", meaning.remedy) from error
        raise LedgerError(
            f"The database {path} can't be reached: {reason}.", "Look whether the server runs, and at its address."
        ) from error
    except psycopg.ProgrammingError as error:
        if error.sqlstate is not None:
            raise
        raise LedgerError(  # psycopg's own words may quote a part of the password
            f"The database's address {path} can't be read.",
            "Write it as postgresql://USER@HOST/NAME; in what follows a ?, = is %3D and a space is %20.",
        ) from error


def _has_words(reason: str, words: tuple[str, ...]) -> bool:
    """Look into the server's own words, or those of who was asked for a password: others name hosts and files."""
    _, mark, said = reason.rpartition("FATAL:" if "FATAL:" in reason else "fe_sendauth:")
    return bool(mark) and any(word in said for word in words)

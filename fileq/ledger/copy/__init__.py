"""A ledger copied from one database to another, whole: from a file to a server, back, and between two of a kind.

The copy holds the ledger as it was at one moment, under its name and its secret: it is the ledger's successor, which
knows the temp files and kept files of before. It is there whole, or not at all. What the ledger was read from is left
as it was.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec

from fileq.config.database_address import is_server
from fileq.ledger.copy.activity import find_activity, refuse_activity
from fileq.ledger.copy.protocol import CopySource, CopyTarget
from fileq.ledger.copy.rows import copy_rows
from fileq.ledger.database import postgres_imports


class CopyResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was copied: the rows of each table. `unfinished` counts jobs; `source_changed`: by somebody, meanwhile."""

    rows: dict[str, int]
    unfinished: int
    is_paused: bool
    source_changed: bool


def copy_ledger(source: str, target: str, *, heartbeat: float, report: Callable[[int, int], None]) -> CopyResult:
    """Copy the ledger at one address to another, where none is yet, and compare all rows of the two.

    `heartbeat` is that of workers, in seconds; `report` is told how many of how many rows are done, each of which is
    written, and compared later. Raises NotFoundError, UsageError and LedgerError, and has then left nothing.
    """
    with _open_source(source) as old:
        before = find_activity(old)
        refuse_activity(before, old.path, heartbeat)
        with _new_target(target) as new:
            rows = copy_rows(old, new, report)
            old.renew()
            after = find_activity(old)
            refuse_activity(after, old.path, heartbeat)
    return CopyResult(
        rows=rows,
        unfinished=before.unfinished,
        is_paused=before.is_paused,
        source_changed=before.tallies != after.tallies,
    )


def _open_source(address: str) -> AbstractContextManager[CopySource]:
    if is_server(address):
        with postgres_imports():
            from fileq.ledger.database.postgres.copy import open_postgres_source
        return open_postgres_source(address)
    from fileq.ledger.copy.sqlite import open_sqlite_source

    return open_sqlite_source(address)


def _new_target(address: str) -> AbstractContextManager[CopyTarget]:
    if is_server(address):
        with postgres_imports():
            from fileq.ledger.database.postgres.copy import new_postgres_target
        return new_postgres_target(address)
    from fileq.ledger.copy.sqlite import new_sqlite_target

    return new_sqlite_target(address)

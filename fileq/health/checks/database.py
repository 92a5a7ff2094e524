"""The database: whether it can be read and written, whether it is whole, and how large it is."""

import os

from fileq.health.check import CheckContext, Finding, bad, ok
from fileq.health.checks.disk import nearest_folder
from fileq.ledger import Ledger
from fileq.ledger.database import DatabaseSize
from fileq.units import describe_bytes

_EVERY = 86400.0
"""Seconds from one look at every page to the next."""


def check_database(context: CheckContext) -> Finding:
    """Check that the database can be written, and, once a day or where `thorough`, that each of its pages is intact."""
    if context.opened_ledger is None:
        return _to_come(context.database_address)
    ledger = context.ledger
    ledger.health.try_to_write()
    if context.thorough or _is_due(ledger, context.now):
        damage = ledger.database.find_damage()
        if damage:
            return _damaged(ledger.database.path, damage)
        if not context.thorough:
            ledger.checks.record_intact(context.now)
    return ok(f"{ledger.database.path} is whole, {_in_words(ledger.database.measure())}.")


def _to_come(path: str) -> Finding:
    folder = nearest_folder(os.path.dirname(os.path.abspath(path)))
    if not os.access(folder, os.W_OK):
        return bad(
            f"There is no database yet, and {path} can't be made: {folder} can't be written.",
            "Change its permissions, or choose another with --database.",
        )
    return ok(f"There is no database yet; it will be {path}.")


def _is_due(ledger: Ledger, now: float) -> bool:
    """Return whether every page is to be read again: a damaged database is read each time."""
    last = ledger.checks.find_last_intact()
    return last is None or not 0 <= now - last < _EVERY


def _damaged(path: str, damage: str) -> Finding:
    return bad(
        f"The database {path} is damaged: {damage}.",
        "Stop the workers, and put a copy of it back; without one, move it away and add the files again.",
    )


def _in_words(extent: DatabaseSize) -> str:
    share = f", {100 * extent.free / extent.bytes:.0f} % of it free" if extent.free else ""
    return f"{describe_bytes(extent.bytes)}{share}"

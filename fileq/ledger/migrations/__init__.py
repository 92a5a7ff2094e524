"""The way from each older schema to the next one.

A new schema gets a step here, and a frozen database of the tests (see tests/ledger/sqlite/test_frozen.py). A step never
changes once it was released: where one runs a script that is to change, it gets a copy of it first.
"""

import importlib
import sqlite3
from collections.abc import Callable

SCHEMA_VERSION = 4


def migration_from(version: int) -> Callable[[sqlite3.Connection], None]:
    """Return the step that leads from an older version to the next one, inside the transaction that is open.

    It is imported when an older database is met, and not at each start.
    """
    step: Callable[[sqlite3.Connection], None] = getattr(
        importlib.import_module(f"{__name__}.to_{version + 1}"), f"migrate_to_{version + 1}"
    )
    return step

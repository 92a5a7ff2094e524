"""The way from each older schema to the next one.

A new schema gets a step here, and a frozen database of the tests (see tests/ledger/test_frozen.py). A step never
changes once it was released: where one runs a script that is to change, it gets a copy of it first.
"""

import sqlite3
from collections.abc import Callable

from fileq.ledger.migrations.to_2 import migrate_to_2
from fileq.ledger.migrations.to_3 import migrate_to_3
from fileq.ledger.migrations.to_4 import migrate_to_4

SCHEMA_VERSION = 4

MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {1: migrate_to_2, 2: migrate_to_3, 3: migrate_to_4}
"""For each older version the step that leads to the next one, inside the transaction that is open."""

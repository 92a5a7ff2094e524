"""The way from each older schema to the next one, for both databases.

The step to schema 5, and each after it, is a script, `to_5.sql`. It is written in SQLite's words, as schema.sql is, and
each database takes it in its own. What one of them needs alone (a trigger, a function) comes after that, from
`to_5.sqlite.sql` or `to_5.postgres.sql`. All steps that a ledger needs are one transaction of whoever opens it first.
Steps to schema 4 and before are Python, and SQLite's: PostgreSQL began with that one.

A new schema gets a step here, and two frozen databases of the tests (see tests/ledger/test_frozen.py). A step never
changes once it was released: where one runs a script that is to change, it gets a copy of it first.
"""

import importlib
import os
import sqlite3
from typing import Literal

from fileq.ledger.script import run_script

SCHEMA_VERSION = 8
FIRST_OF_BOTH = 4
"""The schema that PostgreSQL began with."""

FOLDER = os.path.dirname(__file__)


def migrate_file(connection: sqlite3.Connection, version: int) -> None:
    """Lead a file of SQLite's from an older version to the next one, inside the transaction that is open.

    What that takes is imported, or read, when an older database is met, and not at each start.
    """
    following = version + 1
    if version < FIRST_OF_BOTH:
        step = importlib.import_module(f"{__name__}.to_{following}")
        getattr(step, f"migrate_to_{following}")(connection)
        return
    for script in (read_shared_step(version), read_own_step(version, "sqlite")):
        run_script(connection, script)


def read_shared_step(version: int) -> str:
    """Return the script that leads from an older version to the next one, in SQLite's words; "" where there is none."""
    return _read(f"to_{version + 1}.sql")


def read_own_step(version: int, database: Literal["sqlite", "postgres"]) -> str:
    """Return what a database alone needs after that script, in its own words; "" where that is nothing."""
    return _read(f"to_{version + 1}.{database}.sql")


def _read(name: str) -> str:
    try:
        with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""

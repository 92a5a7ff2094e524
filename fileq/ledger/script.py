"""SQL scripts, statement by statement."""

import sqlite3
from collections.abc import Iterator
from importlib import resources


def read_script(name: str) -> str:
    """Return the text of a script that lies beside this module."""
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def run_script(connection: sqlite3.Connection, script: str) -> None:
    """Run a script inside the transaction that is open: `executescript` would commit it."""
    for statement in _statements(script):
        connection.execute(statement)


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

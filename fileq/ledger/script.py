"""SQL scripts, statement by statement."""

import re
import sqlite3
from collections.abc import Iterator
from importlib import resources

_INDEX = re.compile(r"(?m)^create (unique )?index ")


def read_script(name: str) -> str:
    """Return the text of a script that lies beside this module."""
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def run_script(connection: sqlite3.Connection, script: str) -> None:
    """Run a script inside the transaction that is open: `executescript` would commit it."""
    for statement in _statements(script):
        connection.execute(statement)


def split_indices(script: str) -> tuple[str, str]:
    """Return a script of tables without its indices, and the indices: they are made faster once all rows are there."""
    statements = list(_statements(script))
    indices = [statement for statement in statements if _INDEX.search(statement)]
    return "".join(one for one in statements if one not in indices), "".join(indices)


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

"""The ledger's schema in PostgreSQL: whether it is there and ours, how it is made, and brought up to date."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from importlib import resources
from typing import TYPE_CHECKING, Any

from psycopg.errors import DeadlockDetected, InvalidSchemaName, ReservedName, UndefinedColumn
from psycopg.errors import SyntaxError as PostgresSyntaxError

from fileq.errors import LedgerError
from fileq.ledger import migrations
from fileq.ledger.database.postgres.dialect import schema_script, translate_script
from fileq.ledger.script import split_indices

if TYPE_CHECKING:
    from psycopg import Connection

_OLDEST = 14_00_00
SCHEMA_OPTION = "?options=-csearch_path%3DNAME"
"""What chooses a schema, at the end of a URL."""
SCHEMA_LOCK = "select pg_advisory_xact_lock(7020658)"
"""Held by who makes or changes a schema, of all in the database."""
LEDGER_LOCK = "pg_advisory_xact_lock(hashtextextended(current_schema(), 7020658))"
"""Calls what takes the lock that each transaction of a ledger holds."""


def prepare_schema(raw: Connection[Any], path: str, patience: int) -> str:
    """Make the schema where it isn't there yet, or bring it up to date, and return the ledger's secret.

    `patience` is how many milliseconds to wait for each lock. Raises LedgerError where the server is too old, or the
    schema another program's or a newer fileq's.
    """
    check_server(raw, path)
    while find_version(raw, path) != migrations.SCHEMA_VERSION:  # a look that waits for nobody
        try:
            with raw.transaction():
                raw.execute(f"set local lock_timeout = {patience}; {SCHEMA_LOCK}")
                _create_or_migrate(raw, path)
        except DeadlockDetected:  # with one who reads several tables, and holds no lock but theirs
            continue
        except (InvalidSchemaName, ReservedName, PostgresSyntaxError) as error:
            raise LedgerError(
                f"{path} leads to no schema that this user may use or make.",
                f"Choose another: {SCHEMA_OPTION} behind the address; or give the user the right to use the one there.",
            ) from error
    return str(_one_row(raw, "select value from meta where key = 'secret'")[0])


def _create_or_migrate(raw: Connection[Any], path: str) -> None:
    version, newest = find_version(raw, path), migrations.SCHEMA_VERSION
    if version is None:
        _create(raw)
    elif version > newest:
        raise LedgerError(
            f"The database {path} was made by a newer fileq (schema {version}, known here: {newest}).",
            "Update fileq, or choose another database with --database.",
        )
    elif version < newest:
        raw.execute(f"select {LEDGER_LOCK}")  # an older fileq that works there ends what it has begun
        for older in range(version, newest):
            raw.execute(translate_script(migrations.read_shared_step(older)))
            raw.execute(migrations.read_own_step(older, "postgres"))
        raw.execute("update meta set value = %s where key = 'schema'", (str(newest),))


def check_server(raw: Connection[Any], path: str) -> None:
    if raw.info.server_version < _OLDEST:
        raise LedgerError(
            f"fileq needs PostgreSQL {_OLDEST // 10_000} or newer, and {path} is {raw.info.server_version // 10_000}.",
            "Use a newer server, or another database with --database.",
        )
    if raw.info.parameter_status("server_encoding") != "UTF8":
        raise LedgerError(f"The database {path} is not in UTF-8.", "Make one with the encoding UTF8.")


def find_version(raw: Connection[Any], path: str) -> int | None:
    """Return the schema's version, None where there is none yet. Raises LedgerError where it isn't ours."""
    (is_empty,) = _one_row(
        raw,
        "select current_schema() is distinct from cast(%s as name) or not exists (select 1 from pg_class"
        " join pg_namespace on pg_namespace.oid = relnamespace where nspname = current_schema())",
        _first_schema(raw),
    )
    if is_empty:
        return None
    row = None
    if _one_row(raw, "select to_regclass('meta') is not null and to_regclass('jobs') is not null")[0]:
        with suppress(UndefinedColumn), raw.transaction():
            row = _one_row(raw, "select value from meta where key = 'schema'")
    if row is None or not str(row[0]).isdigit():
        raise LedgerError(
            f"{path} has tables of another program where fileq's are to be.",
            f"Choose another schema: {SCHEMA_OPTION} behind the address.",
        )
    return int(row[0])


def _create(raw: Connection[Any]) -> None:
    raw.execute(create_tables(raw))
    create_logic(raw)
    facts = [("ledger", secrets.token_hex(3)), ("secret", secrets.token_hex(16))]
    raw.cursor().executemany("insert into meta values (%s, %s)", facts)


def create_tables(raw: Connection[Any]) -> str:
    """Make the tables, in a schema that is made where there is none; return the script of their indices."""
    (schema,) = _one_row(raw, "select quote_ident(%s)", _first_schema(raw))
    raw.execute(f"create schema if not exists {schema}")
    tables, indices = split_indices(_read("huey.sql") + schema_script())
    raw.execute(tables)
    return indices


_FIRST_NAME = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,]*))')


def _first_schema(raw: Connection[Any]) -> str:
    """Return the name of the schema that the search path names first, as the server reads it."""
    path, user = _one_row(raw, "select current_setting('search_path'), current_user")
    found = _FIRST_NAME.match(path)
    assert found is not None  # it matches nothing, too
    quoted, plain = found.groups()
    name = plain.strip().lower() if quoted is None else quoted.replace('""', '"')
    return str(user) if name == "$user" else name


def create_logic(raw: Connection[Any]) -> None:
    """Make the functions and triggers, and say which schema it is: from here on it is a ledger."""
    raw.execute(_read("functions.sql"))
    raw.execute("insert into meta values ('schema', %s)", (str(migrations.SCHEMA_VERSION),))


def _read(name: str) -> str:
    return (resources.files(__package__) / name).read_text("utf-8")


def _one_row(raw: Connection[Any], query: str, *values: object) -> Any:
    return raw.execute(query, values).fetchone()

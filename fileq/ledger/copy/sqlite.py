"""A ledger's file, copied from and to."""

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from fileq.errors import LedgerError, NotFoundError, UsageError
from fileq.files.directory import open_directory
from fileq.files.no_clobber import rename_no_clobber
from fileq.ledger.columns import encode_name, encode_text
from fileq.ledger.copy.protocol import ROWS_AT_ONCE, Row
from fileq.ledger.copy.table_shape import TableShape
from fileq.ledger.copy.version import check_version
from fileq.ledger.database.sqlite import create_file, find_version, mark_as_ledger
from fileq.ledger.database.sqlite_errors import database_errors
from fileq.ledger.script import read_script, run_script, split_indices

_BESIDE = ("", "-wal", "-journal")
"""What SQLite would read as the database's, by the ends of the names."""


class _FileReader:
    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self.path = path
        self._connection = connection
        connection.text_factory = _read_text

    def read_rows(self, table: TableShape) -> Iterator[list[Row]]:
        """Yield all rows of a table, some thousands at a time."""
        cursor = self._connection.execute(f"select {', '.join(table.columns)} from {table.name}")  # noqa: S608  # ours
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield [_decode_row(row, table) for row in rows]


class SqliteSource(_FileReader):
    """A ledger's file as it is at one moment."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        super().__init__(connection, path)
        connection.execute("pragma query_only = on")
        self.renew()

    def renew(self) -> None:
        """Read the ledger as it is by now from here on."""
        if self._connection.in_transaction:
            self._connection.execute("commit")
        self._connection.execute("begin")
        self._connection.execute("select 1 from sqlite_master").fetchone()  # from here on nothing changes
        self.now = time.time()

    def count_rows(self, table: TableShape) -> int:
        """Return how many rows a table has."""
        ((count,),) = self.select(f"select count(*) from {table.name}")  # noqa: S608  # ours
        return int(count)

    def select(self, query: str) -> list[Row]:
        """Return what a query finds."""
        return [tuple(map(_decode_path, row)) for row in self._connection.execute(query)]


@contextmanager
def open_sqlite_source(path: str) -> Iterator[SqliteSource]:
    """Give a ledger's file, opened to be read alone. Raises NotFoundError, LedgerError."""
    if not os.path.exists(path):
        raise NotFoundError(f"There is no database {path}.", "Name one with --database.")
    mode = "ro" if os.path.exists(f"{path}-wal") else "rw"  # who may write removes its log, and puts that of others in
    uri = f"{Path(os.path.abspath(path)).as_uri()}?mode={mode}"
    with database_errors(path), closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        source = SqliteSource(connection, path)
        check_version(find_version(connection, path), path)
        yield source


class SqliteTarget(_FileReader):
    """A new file that is to become a ledger. What becomes of it when a process is killed, nobody asks."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        super().__init__(connection, path)
        for setting in ("auto_vacuum = incremental", "journal_mode = off", "synchronous = off"):
            connection.execute(f"pragma {setting}")
        connection.execute("begin exclusive")
        scripts = [split_indices(read_script(name)) for name in ("huey.sql", "schema.sql")]
        self._indices = "".join(indices for _, indices in scripts)
        for tables, _ in scripts:
            run_script(connection, tables)

    def write_rows(self, table: TableShape, batches: Iterable[list[Row]]) -> None:
        """Write rows into a table that is empty."""
        columns = ", ".join(table.columns)
        insert = f"insert into {table.name} ({columns}) values ({', '.join('?' * len(table.columns))})"  # noqa: S608  # ours
        for rows in batches:
            self._connection.executemany(insert, [_encode_row(row, table) for row in rows])

    def complete(self) -> None:
        """Make what comes after the rows: indices and triggers. Ids go on behind the highest by themselves."""
        for script in (self._indices, read_script("triggers.sql")):
            run_script(self._connection, script)
        mark_as_ledger(self._connection)


@contextmanager
def new_sqlite_target(path: str) -> Iterator[SqliteTarget]:
    """Give a new ledger's file, which has its name when the block ends well. Raises UsageError, LedgerError.

    Until then it has a hidden one; what a killed process has left under that is removed by the next one.
    """
    _refuse_existing(path)
    folder, name = os.path.split(os.path.abspath(path))
    hidden = f".{name}.copying"
    temp = os.path.join(folder, hidden)
    with database_errors(path):
        _create_temp(temp, path)
        try:
            with closing(sqlite3.connect(temp, isolation_level=None)) as connection:
                yield SqliteTarget(connection, path)
                connection.execute("commit")
            _place(folder, hidden, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temp)
            raise


def _refuse_existing(path: str) -> None:
    for end in _BESIDE:
        if os.path.lexists(path + end):
            raise UsageError(
                f"There is a file {path + end} already, and nothing was copied.",
                "Name a file that is not there yet, or move that one away.",
            )


def _create_temp(temp: str, path: str) -> None:
    if os.path.exists(temp):
        with closing(sqlite3.connect(temp, timeout=0, isolation_level=None)) as connection:
            try:
                connection.execute("begin exclusive")
            except sqlite3.DatabaseError as error:
                if "locked" in str(error):
                    raise LedgerError(
                        f"Another process is copying a ledger to {path}.", "Wait for it to end."
                    ) from error
        os.unlink(temp)
    create_file(temp)


def _place(folder: str, hidden: str, path: str) -> None:
    name = os.path.basename(path)
    try:
        with open(os.path.join(folder, hidden), "rb") as file:
            os.fsync(file.fileno())
        with open_directory(folder) as directory:
            rename_no_clobber(directory, hidden, directory, name)
            directory.sync()
    except FileExistsError as error:
        raise UsageError(f"There is a file {path} by now, and the copy was not kept.", "Name another one.") from error
    except OSError as error:
        raise LedgerError(f"The database {path} can't be made: {error.strerror}.", "Choose another place.") from error


def _read_text(raw: bytes) -> str:
    text = raw.decode("utf-8", "surrogateescape")
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if "\0" in text else text


def _decode_path(value: object) -> object:
    return os.fsdecode(value) if isinstance(value, bytes) else value


def _decode_row(row: Row, table: TableShape) -> Row:
    values = list(row)
    for place in table.path_places:
        values[place] = _decode_path(values[place])
    for place in table.text_places:
        text = values[place]
        if text is not None and not text.isascii():
            values[place] = encode_text(text)
    return tuple(values)


def _encode_row(row: Row, table: TableShape) -> Row:
    if not table.path_places:
        return row
    values = list(row)
    for place in table.path_places:
        path = values[place]
        if path is not None and not path.isascii():
            values[place] = encode_name(path)  # as it stands there, whatever roots this host has
    return tuple(values)

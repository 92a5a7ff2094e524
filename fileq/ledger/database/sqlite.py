"""A database file: opening it, checking that it is ours and still there, transactions."""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fileq.errors import DatabaseReplaced, LedgerError
from fileq.ledger import migrations
from fileq.ledger.database.base import Database, DatabaseSize
from fileq.ledger.database.sqlite_errors import database_errors
from fileq.ledger.script import read_script, run_script
from fileq.process.fork_safety import tell_no_more, tell_of_forks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from fileq.ledger.database.base import Step


class DatabaseFile:
    """The file at `path` as it is opened now. Raises LedgerError where it isn't there."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._identity: tuple[int, int] | None = None
        self._identity = self._look()
        self.is_lost = False
        """Whether it was away, or another one, when it was last looked at."""

    def check(self) -> None:
        """Look whether it is there still. Raises LedgerError where it isn't, DatabaseReplaced where another one is."""
        found = self._look()
        self.is_lost = found != self._identity
        if self.is_lost:
            raise DatabaseReplaced(
                f"The database {self._path} was replaced by another file while it was in use.",
                "Start fileq again: it then uses the file that is there now.",
            )

    def _look(self) -> tuple[int, int] | None:
        """Its device and inode; those that are known where it can't be looked at."""
        try:
            status = os.stat(self._path)
        except (FileNotFoundError, NotADirectoryError) as error:
            self.is_lost = True
            raise LedgerError(
                f"The database {self._path} was removed or moved while it was in use.",
                "Put it back, or stop fileq and start it again: it then begins a new one.",
            ) from error
        except OSError:  # what is wrong with the drive, SQLite says
            return self._identity
        return status.st_dev, status.st_ino


_APPLICATION = int.from_bytes(b"fileq"[:4], "big")
"""Says in the file's header that it is ours."""

_OLDEST_SQLITE = (3, 37)
"""The first one that knows strict tables."""

_WAL_PATIENCE = 5.0
_STEP = 1.0
"""Seconds that SQLite itself waits for a lock: a thread that waits there hears of nothing else."""

_INCREMENTAL = 2
"""What SQLite answers for `auto_vacuum = incremental`."""


class SqliteDatabase(Database):
    """One connection, shared by the threads of this process, each transaction alone.

    `patience` is how many seconds to wait for another process's transaction.
    """

    def __init__(self, path: str, patience: float = 5.0) -> None:
        self.path = self.address = path
        self.folder = os.path.dirname(path)
        self._patience = patience
        self._lock = threading.RLock()
        self._holder: int | None = None  # the thread that has a transaction open
        self._is_suspended = False
        create_file(path)
        self._file = DatabaseFile(path)  # before SQLite opens it: a swap in between is then seen
        with database_errors(path):
            self._open()
        tell_of_forks(self)

    def _open(self) -> None:
        path, patience = self.path, self._patience
        self.connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
        self._joined = nullcontext(self.connection)  # `add` joins its transaction several times a file
        try:
            self._prepare()
            self.connection.execute(f"pragma busy_timeout = {int(1000 * min(patience, _STEP))}")
        except BaseException as error:
            self.connection.close()  # an open one keeps files of SQLite's beside a database that isn't ours
            if isinstance(error, UnicodeDecodeError):  # in what SQLite cites of a damaged schema
                raise sqlite3.DatabaseError("malformed schema") from error
            raise

    def before_fork(self) -> None:
        """Close the file. SQLite takes the locks of a process for its own in a child too, where the system has none.

        A thread that forks amid its own transaction keeps it, and its child must leave the ledger alone.
        """
        self._lock.acquire()
        if self._holder is None:
            self.connection.close()
            self._is_suspended = True

    def _resume(self) -> None:
        self._file.check()
        self._is_suspended = False
        try:
            self._open()
        except BaseException:
            self._is_suspended = True
            raise

    def after_fork(self, *, in_child: bool) -> None:
        """Let go: whoever needs the file next opens it."""
        del in_child  # the lock's owner is the thread that forked, which both have
        self._lock.release()

    def _prepare(self) -> None:
        version = self._known_version()
        if version is None:  # SQLite heeds it before the first page is written, and never after
            self.connection.execute("pragma auto_vacuum = incremental")
        self._use_write_ahead_log()
        self.connection.execute("pragma synchronous = normal")
        if version != migrations.SCHEMA_VERSION:
            with self.transaction(durable=True):
                self._migrate()

    def _known_version(self) -> int | None:
        """Return the schema's version; None for an empty database. Raises LedgerError where fileq doesn't know it."""
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise LedgerError(
                f"fileq needs SQLite {'.'.join(map(str, _OLDEST_SQLITE))} or newer, and this Python brings"
                f" {sqlite3.sqlite_version}.",
                "Use a newer Python, or a newer SQLite.",
            )
        version, newest = find_version(self.connection, self.path), migrations.SCHEMA_VERSION
        if version is not None and version > newest:
            raise LedgerError(
                f"The database {self.path} was made by a newer fileq (schema {version}, known here: {newest}).",
                "Update fileq, or choose another database with --database.",
            )
        return version

    def _use_write_ahead_log(self) -> None:
        # SQLite's own patience doesn't cover two programs that switch a new file to WAL at the same time.
        deadline = time.monotonic() + _WAL_PATIENCE
        while True:
            try:
                self.connection.execute("pragma journal_mode = wal")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def _migrate(self) -> None:
        version = self._known_version()  # again, inside the transaction: another process may have been faster
        if version is None:
            for script in ("huey.sql", "schema.sql", "triggers.sql"):
                run_script(self.connection, read_script(script))
            name, secret = secrets.token_hex(3), secrets.token_hex(16)
            self.connection.execute("insert into meta values ('ledger', ?), ('secret', ?)", (name, secret))
        newest = migrations.SCHEMA_VERSION
        for older in range(version or newest, newest):
            migrations.migrate_file(self.connection, older)
        mark_as_ledger(self.connection)

    def transaction(self, *, durable: bool = False) -> AbstractContextManager[sqlite3.Connection]:
        """Have everything in the block happen, or nothing. Inside another transaction: as a part of that one.

        A durable one is on disk when the block ends. Another survives the death of every process, and may be
        undone, whole, by a loss of power.
        """
        return self._joined if self._holder == threading.get_ident() else self._outermost(durable=durable)

    def execute_together(self, *steps: Step) -> list[list[Any]]:
        """Execute statements as one transaction; return the rows of each."""
        with self.transaction() as connection:
            return [connection.execute(*step).fetchall() for step in steps]

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """Give the connection to the block, to read with: inside a transaction as a part of that."""
        return self._joined if self._holder == threading.get_ident() else self._alone()

    @contextmanager
    def _outermost(self, *, durable: bool) -> Iterator[sqlite3.Connection]:
        with self._alone():
            self.connection.execute(f"pragma synchronous = {'full' if durable else 'normal'}")
            self._begin()
            self._holder = threading.get_ident()
            try:
                yield self.connection
                self.connection.execute("commit")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("rollback")
                raise
            finally:
                self._holder = None

    def _begin(self) -> None:
        """Wait for another's transaction in steps: signals are heard in between, and who stops has no patience left."""
        self._file.check()
        begun = time.monotonic()
        while True:
            try:
                self.connection.execute("begin immediate")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() - begun + _STEP > self._patience:
                    raise
            else:
                return

    def find_change_mark(self) -> object:
        """Return what is another once somebody has changed anything, in another process or here: a look of 5 µs."""
        with self._alone():
            return self.connection.execute("pragma data_version").fetchone(), self.connection.total_changes

    def now(self) -> float:
        """Return the time by this machine's clock, in seconds since the epoch: all who use the file have that one."""
        return time.time()

    def check_identity(self) -> None:
        """Look whether the file is there still: from then on who reads hears of it too, as does each who writes.

        Raises LedgerError where it isn't, DatabaseReplaced where another file has its place, or a newer fileq has
        brought it to a schema that is not known here.
        """
        self._file.check()
        with self.reading() as connection:
            (version,) = connection.execute("pragma user_version").fetchone()
        if version > migrations.SCHEMA_VERSION:
            raise DatabaseReplaced(
                f"The database {self.path} was brought to schema {version} by a newer fileq while it was in use;"
                f" known here is {migrations.SCHEMA_VERSION}.",
                "Start this again with the newer fileq. The jobs wait.",
            )

    def limit_patience(self, patience: float) -> None:
        """From another thread: wait for no transaction of another process longer than so many seconds from now on."""
        self._patience = min(self._patience, patience)

    def release_free_space(self, pages: int) -> bool:
        """Hand so many free pages back to the system, where there are as many. Return whether some are left."""
        with self._alone():
            # A page at each step, and `execute` takes one step of a statement that has no columns. Its own transaction.
            self.connection.executescript(f"pragma incremental_vacuum({pages})")
            (left,) = self.connection.execute("pragma freelist_count").fetchone()
            (mode,) = self.connection.execute("pragma auto_vacuum").fetchone()
        return bool(left) and mode == _INCREMENTAL

    def truncate_log(self) -> bool:
        """Empty the write-ahead log. Return False where somebody was in the way."""
        with self._alone():
            (patience,) = self.connection.execute("pragma busy_timeout").fetchone()
            self.connection.execute("pragma busy_timeout = 0")
            try:
                (busy, *_) = self.connection.execute("pragma wal_checkpoint(truncate)").fetchone()
            finally:
                self.connection.execute(f"pragma busy_timeout = {patience}")
        return not busy

    def measure(self) -> DatabaseSize:
        """Return how large the file is, and how much of it is free."""
        with self.reading() as connection:
            size, pages, free = (
                connection.execute(f"pragma {name}").fetchone()[0]
                for name in ("page_size", "page_count", "freelist_count")
            )
        return DatabaseSize(size * pages, size * free)

    @contextmanager
    def _alone(self) -> Iterator[sqlite3.Connection]:
        with self._lock, database_errors(self.path):
            if self._file.is_lost:
                self._file.check()
            if self._is_suspended:
                self._resume()
            yield self.connection

    def find_damage(self) -> str:
        """Return what SQLite finds wrong in the file, "" where it is whole: a look at every page (0.6 s for 270 MB).

        It has a connection of its own, and nobody waits for it. Raises LedgerError where not even that can be told.
        """
        uri = f"{Path(os.path.abspath(self.path)).as_uri()}?mode=ro"
        with database_errors(self.path), closing(sqlite3.connect(uri, uri=True)) as connection:
            problems = [problem for (problem,) in connection.execute("pragma quick_check(3)")]
        return "" if problems == ["ok"] else "; ".join(" ".join(problem.split()) for problem in problems)

    def close(self) -> None:
        tell_no_more(self)
        with self._lock:
            self.connection.close()
            self._is_suspended = False


def find_version(connection: sqlite3.Connection, path: str) -> int | None:
    """Return the schema's version, None for an empty database. Raises LedgerError where it is another program's.

    Both marks have their place in SQLite's file header.
    """
    if not connection.execute("select 1 from sqlite_master limit 1").fetchone():
        return None
    (application,) = connection.execute("pragma application_id").fetchone()
    if application != _APPLICATION:
        raise LedgerError(f"{path} is a database of another program.", "Choose another file with --database.")
    (version,) = connection.execute("pragma user_version").fetchone()
    return int(version)


def mark_as_ledger(connection: sqlite3.Connection) -> None:
    """Say in the file's header that it is a ledger of the schema of now."""
    connection.execute(f"pragma application_id = {_APPLICATION}")
    connection.execute(f"pragma user_version = {migrations.SCHEMA_VERSION}")


def create_file(path: str) -> None:
    """Make the file before SQLite does, readable by its owner alone: it holds the names of people's files.

    Raises LedgerError.
    """
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), mode=0o700, exist_ok=True)
        if not os.path.exists(path):
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise LedgerError(
            f"The database {path} can't be made: {error.strerror}.", "Choose another with --database."
        ) from error

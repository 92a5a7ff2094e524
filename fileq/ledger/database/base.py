"""A database as the ledger's rooms know it: they speak one SQL, and each database takes it in its own way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    Values = Sequence[Any] | Mapping[str, Any]
    Step = tuple[str, Values]
    """A statement, and its values."""

ALL = 2**63 - 1
"""The limit of a query that is to return all rows."""

_VALUES_AT_ONCE = 500
"""Values in one statement: databases take thousands, and gain nothing by them."""


class Rows(Protocol):
    """What a statement has returned."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> Any:
        """Return the next row, None where there is none."""

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows that are left."""


class Connection(Protocol):
    """What statements are executed with. Their values stand for `?` and `:name`."""

    def execute(self, statement: str, values: Values = ..., /) -> Rows:
        """Execute a statement."""

    def executemany(self, statement: str, values: Iterable[Values], /) -> Rows:
        """Execute a statement, which returns no rows, for each of these values."""

    def cursor(self) -> Any:
        """Return a cursor, as Huey's storages use them."""


class DatabaseSize(msgspec.Struct, frozen=True):
    """The size of the database, and how much of it is free pages, both in bytes."""

    bytes: int
    free: int


class Database(ABC):
    """A ledger's database, shared by the threads of this process. Each method raises LedgerError.

    Raises LedgerError, too, where it can't be opened. `patience` is how many seconds to wait for another's transaction.
    """

    address: str
    """What opens it: a file's path, or a server's URL."""
    path: str
    """The address as people may see it, without a password."""
    folder: str
    """Where on this machine the files lie that belong to it."""

    @abstractmethod
    def transaction(self, *, durable: bool = False) -> AbstractContextManager[Connection]:
        """Have everything in the block happen, or nothing. Inside another transaction: as a part of that one.

        A durable one is on disk when the block ends. Another survives the death of every process of ours, and may be
        undone, whole, by a loss of power.
        """

    @abstractmethod
    def execute_together(self, *steps: Step) -> list[list[Any]]:
        """Execute statements as one transaction; return the rows of each.

        No statement is made of another's answer. A server gets them at once, so that nobody waits for us on their way;
        and should it die soon, it may have forgotten them while we live. Whoever began that finds it out before it
        matters. What is forgotten are always the last ones.
        """

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """Give the connection to the block, to read with: inside a transaction as a part of that."""

    @abstractmethod
    def find_change_mark(self) -> object:
        """Return what is another once somebody has changed anything; None where that is not to be had cheaply."""

    @abstractmethod
    def before_fork(self) -> None:
        """Get ready for a fork of this process, which waits until `after_fork`: no connection is for two processes."""

    @abstractmethod
    def after_fork(self, *, in_child: bool) -> None:
        """Go on after a fork, in the parent or in the child, with connections of its own."""

    @abstractmethod
    def now(self) -> float:
        """Return the time by this database's clock, in seconds since the epoch.

        Hosts that share a ledger have clocks that differ: whose lease has run out is not to depend on who looks.
        """

    @abstractmethod
    def check_identity(self) -> None:
        """Look whether the database is there still. Raises DatabaseReplaced where another has its place.

        Also where a newer fileq has brought it to a schema that is not known here.
        """

    @abstractmethod
    def limit_patience(self, patience: float) -> None:
        """From another thread: wait for no transaction of another process longer than so many seconds from now on."""

    @abstractmethod
    def release_free_space(self, pages: int) -> bool:
        """Hand so many free pages back to the system, where there are as many. Return whether some are left."""

    @abstractmethod
    def truncate_log(self) -> bool:
        """Empty the write-ahead log, where that is ours to do. Return False where somebody was in the way."""

    @abstractmethod
    def measure(self) -> DatabaseSize:
        """Return how large it is."""

    @abstractmethod
    def find_damage(self) -> str:
        """Return what is wrong in the database, "" where it is whole, as far as that can be looked at."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections."""


def table_of_values(types: Sequence[str], count: int) -> str:
    """Return a table to stand behind "from", with `count` rows of values of these types: column1, column2, and so on.

    The values are given row by row. Databases know no type of a value but by a cast.
    """
    row = f"({', '.join(f'cast(? as {one})' for one in types)})"
    return f"(values {', '.join([row] * count)})"


def select_among(connection: Connection, query: str, values: Sequence[object]) -> Iterator[Any]:
    """Yield the rows of a query that ends in "in", for all these values, some hundreds at a time."""
    for start in range(0, len(values), _VALUES_AT_ONCE):
        some = values[start : start + _VALUES_AT_ONCE]
        yield from connection.execute(f"{query} ({', '.join('?' * len(some))})", some)

"""Rows as structs, and JSON in columns. Whoever can write to the database file can have put anything into that."""

import json
from collections.abc import Iterable
from typing import NoReturn, TypeVar

import msgspec

from fileq.errors import ErrorKind

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)


def read_row(kind: type[S], row: Iterable[object]) -> S:
    """Return a struct of a row that holds all its fields, in their order."""
    return kind(**dict(zip(kind.__struct_fields__, row, strict=True)))


def read_error_kind(value: str) -> ErrorKind:
    """Return the kind of an error as it was written down; `internal` where fileq knows no such kind."""
    try:
        return ErrorKind(value)
    except ValueError:
        return ErrorKind.INTERNAL


def decode_column(value: object, kind: type[T]) -> T | None:
    """Return what a column of JSON holds, as `kind`; None where it holds nothing, or something else.

    One row that fileq did not write keeps no worker from starting, and no command from answering.
    """
    if not isinstance(value, str | bytes):
        return None
    try:
        # Not msgspec's own decoder: it takes no names of files that are not valid UTF-8.
        return msgspec.convert(json.loads(value, parse_constant=_refuse), kind)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")

"""JSON in columns. Whoever can write to the database file can have put anything there: it is not trusted."""

import json
from typing import NoReturn, TypeVar

import msgspec

T = TypeVar("T")


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

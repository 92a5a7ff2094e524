"""Rows as structs, and what columns hold: paths, sentences and JSON.

Whoever can write to the database file can have put anything into that.
"""

import json
import os
from collections.abc import Iterable
from typing import NoReturn, TypeVar

import msgspec

from fileq.errors import ErrorKind
from fileq.escapes import escape_controls
from fileq.roots import this_hosts_roots


class PathBytes(bytes):
    """The raw bytes of a path: other columns hold bytes that are none."""

    __slots__ = ()


def encode_path(path: str) -> str | PathBytes:
    """Return an absolute path as all hosts have it: text where it is valid UTF-8, else its raw bytes."""
    return encode_name(this_hosts_roots().to_shared(path))


def encode_name(path: str) -> str | PathBytes:
    """Return a name, or a relative path, as text where it is valid UTF-8, else as its raw bytes."""
    try:
        path.encode()
    except UnicodeEncodeError:  # surrogate escapes: the name's bytes are not UTF-8
        return PathBytes(os.fsencode(path))
    return path


def decode_path(value: object) -> str:
    """Return the path that a column holds as this host has it; as the column has it where its root isn't here.

    What fileq never wrote, and can be no path, becomes one where nothing is.
    """
    return this_hosts_roots().to_local(decode_name(value))


def roots_of(*paths: str | PathBytes) -> str:
    """Return the names of the roots that encoded paths lie in, in order and with commas; "" for none."""
    return this_hosts_roots().names_in(os.fsdecode(path) for path in paths)


def decode_name(value: object) -> str:
    """Return the name, or the relative path, that a column holds."""
    if not isinstance(value, str | bytes):
        return os.path.join(os.devnull, str(value))
    path = value if isinstance(value, str) else os.fsdecode(value)
    return path.replace("\0", "\N{REPLACEMENT CHARACTER}") if "\0" in path else path


def encode_text(text: str) -> str:
    """Return a sentence in valid UTF-8, as SQLite wants: raw bytes of a name that it quotes are written out."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return escape_controls(text)
    return text


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

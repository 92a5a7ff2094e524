"""Values on their way into PostgreSQL and back: as SQLite takes them, and gives them back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from psycopg.adapt import Loader
from psycopg.types.string import StrDumperUnknown, TextLoader

from fileq.ledger.columns import PathBytes

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.abc import Buffer

_FIRST = 0x10FF00
"""PostgreSQL's text is UTF-8. Each byte of a name that is not gets a character of these, which nobody else uses; one
of these in a name counts as bytes that are none."""

_ESCAPED = re.compile("[\U0010ff00-\U0010ffff]")
_SIGN_OF_ESCAPED = b"\xf4\x8f"
"""With what each of them begins in UTF-8."""


def escape_bytes(name: str) -> str:
    """Return a name in characters of UTF-8; it comes back by `unescape_bytes`. A NUL, which no name has, is marked."""
    raw = name.encode("utf-8", "surrogateescape")
    if _SIGN_OF_ESCAPED in raw:
        name = _ESCAPED.sub(lambda found: found[0].encode().decode("ascii", "surrogateescape"), name)
    return "".join(chr(_FIRST + ord(one) - 0xDC00) if 0xDC80 <= ord(one) <= 0xDCFF else one for one in name).replace(
        "\0", "\N{REPLACEMENT CHARACTER}"
    )


def unescape_bytes(text: str) -> str:
    """Return a name as the system's functions take it, with surrogate escapes for bytes that are not UTF-8."""
    escaped = _ESCAPED.sub(lambda found: chr(ord(found[0]) - _FIRST + 0xDC00), text)
    return escaped.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


class _NameDumper(StrDumperUnknown):
    def dump(self, obj: str) -> Buffer | None:
        text = obj if type(obj) is str else str(obj)
        if not text.isascii() or "\0" in text:
            text = escape_bytes(text)
        return text.encode()


class _PathBytesDumper(_NameDumper):
    def dump(self, obj: Any) -> Buffer | None:
        return super().dump(bytes(obj).decode("utf-8", "surrogateescape"))


class _NameLoader(TextLoader):
    def load(self, data: Buffer) -> bytes | str:
        raw = bytes(data)
        text = raw.decode()
        return unescape_bytes(text) if _SIGN_OF_ESCAPED in raw else text


class _NumberLoader(Loader):
    """Sums: whole numbers are `int`, as in SQLite, and others `float`."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data).decode()
        return float(text) if "." in text or text in ("NaN", "Infinity", "-Infinity") else int(text)


def register_types(connection: Connection[Any]) -> None:
    """Have a connection take and give values so."""
    adapters = connection.adapters
    adapters.register_dumper(str, _NameDumper)
    adapters.register_dumper(PathBytes, _PathBytesDumper)
    adapters.register_loader("text", _NameLoader)
    adapters.register_loader("numeric", _NumberLoader)

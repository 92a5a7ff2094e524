"""Paths and sentences as the ledger keeps them."""

import os

from fileq.legible import shown


def stored(path: str) -> str | bytes:
    """A path as text where it is valid UTF-8, else as its raw bytes."""
    try:
        path.encode()
    except UnicodeEncodeError:  # surrogate escapes: the name's bytes are not UTF-8
        return os.fsencode(path)
    return path


def restored(value: str | bytes) -> str:
    return value if isinstance(value, str) else os.fsdecode(value)


def prose(text: str) -> str:
    """A sentence as text: raw bytes of a name that it quotes are written out, as SQLite takes valid UTF-8 alone."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return shown(text)
    return text

"""Paths and sentences as the ledger keeps them."""

import os

from fileq.escaping import escape_controls


def stored(path: str) -> str | bytes:
    """A path as text where it is valid UTF-8, else as its raw bytes."""
    try:
        path.encode()
    except UnicodeEncodeError:  # surrogate escapes: the name's bytes are not UTF-8
        return os.fsencode(path)
    return path


def restored(value: object) -> str:
    """Return a path as it was stored. What can be no path, as fileq never wrote it, becomes one where nothing is."""
    if not isinstance(value, str | bytes):
        return os.path.join(os.devnull, str(value))
    path = value if isinstance(value, str) else os.fsdecode(value)
    return path.replace("\0", "\N{REPLACEMENT CHARACTER}") if "\0" in path else path


def prose(text: str) -> str:
    """A sentence as text: raw bytes of a name that it quotes are written out, as SQLite takes valid UTF-8 alone."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return escape_controls(text)
    return text

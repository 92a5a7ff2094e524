"""The columns that text takes in a terminal, and how it is cut to fit."""

import unicodedata

from fileq.escapes import JOINERS


def text_width(text: str) -> int:
    """Return how many columns `text` takes."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.combining(character) or character in JOINERS or 0xFE00 <= ord(character) <= 0xFE0F:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shorten(text: str, room: int) -> str:
    """Return `text` in at most `room` columns, cut in the middle: the start and the ending of a name tell most."""
    if text_width(text) <= room:
        return text
    if room < 2:
        return "…"[:room]
    end = _fitting(text[::-1], (room - 1) // 2)[::-1]
    return f"{_fitting(text, room - 1 - text_width(end))}…{end}"


def shorten_path(path: str, room: int) -> str:
    """Return `path` in at most `room` columns.

    Its folders are cut first: the name tells most, and the start tells where.
    """
    folder, slash, name = path.rpartition("/")
    left = room - text_width(f"…{slash}{name}")
    if text_width(path) <= room or not slash or left < 0:
        return shorten(path if text_width(path) <= room else name, room)
    return f"{_fitting(folder, left)}…/{name}"


def _fitting(text: str, room: int) -> str:
    """Return the longest start of `text` that takes at most `room` columns."""
    for end, character in enumerate(text):
        room -= _width(character)
        if room < 0:
            return text[:end]
    return text


def pad(text: str, columns: int, *, is_right: bool = False) -> str:
    """Return `text` with blanks up to `columns` columns: behind it, or before it where `is_right`."""
    blank = " " * max(0, columns - text_width(text))
    return blank + text if is_right else text + blank

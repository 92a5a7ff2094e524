"""Room for text: how many columns it takes, and how it is cut to fit."""

import unicodedata

from fileq.escaping import JOINERS


def width(text: str) -> int:
    """How many columns `text` takes."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.combining(character) or character in JOINERS or 0xFE00 <= ord(character) <= 0xFE0F:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shortened(text: str, room: int) -> str:
    """`text` in at most `room` columns, cut in the middle: the start and the ending of a name tell most."""
    if width(text) <= room:
        return text
    if room < 2:
        return "…"[:room]
    end = _fitting(text[::-1], (room - 1) // 2)[::-1]
    return f"{_fitting(text, room - 1 - width(end))}…{end}"


def shortened_path(path: str, room: int) -> str:
    """`path` in at most `room` columns. Its folders go first: the name tells most, and the start tells where."""
    folder, slash, name = path.rpartition("/")
    left = room - width(f"…{slash}{name}")
    if width(path) <= room or not slash or left < 0:
        return shortened(path if width(path) <= room else name, room)
    return f"{_fitting(folder, left)}…/{name}"


def _fitting(text: str, room: int) -> str:
    """The longest start of `text` that takes at most `room` columns."""
    for end, character in enumerate(text):
        room -= _width(character)
        if room < 0:
            return text[:end]
    return text


def padded(text: str, columns: int, *, right: bool = False) -> str:
    blank = " " * max(0, columns - width(text))
    return blank + text if right else text + blank

"""Text that is safe to show: nothing in a file's name may steer a terminal, and no line is longer than it."""

import unicodedata

_SHOWN = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\"}
_STEERING = ("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn")
_JOINERS = "\u200d"  # within emoji


def shown(text: str) -> str:
    """`text` with everything that steers a terminal written out: control and direction characters, and raw bytes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable() or character in _JOINERS or unicodedata.category(character) not in _STEERING:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return _SHOWN.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def width(text: str) -> int:
    """How many columns `text` takes."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.combining(character) or character in _JOINERS or 0xFE00 <= ord(character) <= 0xFE0F:
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

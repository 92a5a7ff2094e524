"""Escaping of names that are shown: nothing in them may steer a terminal, or turn the text of a page around."""

import unicodedata

_SHOWN = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\"}
_STEERING = ("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn")
JOINERS = "\u200d"
"""What joins characters within emoji, and stays as it is."""


def escape_controls(text: str) -> str:
    """Return `text` with all that steers a terminal written out: control and direction characters, and raw bytes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable() or character in JOINERS or unicodedata.category(character) not in _STEERING:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return _SHOWN.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")

"""Texts of PNG as XMP, for formats that have no place for them: the keywords of PNG, third edition, 11.3.3.2."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from fileq.images.metadata import xmp

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET
    from collections.abc import Iterable, Iterator

RIGHTS = frozenset({"Disclaimer"})
"""The keywords of texts that say what may be done with a picture."""

_CREATED = "Creation Time"
_PROPERTIES = {
    "Title": (xmp.DC, "title", "Alt"),
    "Description": (xmp.DC, "description", "Alt"),
    "Disclaimer": (xmp.RIGHTS, "UsageTerms", "Alt"),
    "Warning": (xmp.PHOTOSHOP, "Instructions", ""),
    "Software": (xmp.XMP_BASIC, "CreatorTool", ""),
    "Source": (xmp.TIFF, "Model", ""),
    _CREATED: (xmp.XMP_BASIC, "CreateDate", ""),
}
_ELSEWHERE = {"Author", "Copyright", "Comment"}
"""What goes into EXIF, or where a format has its comments."""

_DATE_BY_COLONS = re.compile(r"(\d{4}):(\d\d):(\d\d)")
"""As exiftool and cameras write it."""


def add_texts(packet: bytes, texts: Iterable[tuple[str, str]]) -> bytes:
    """Return an XMP packet with what texts of PNG say, by keyword and value, and the packet doesn't."""
    return xmp.add_properties(packet, _properties(texts))


def build_chunk(key: str, value: str) -> tuple[bytes, bytes]:
    """Return the name and the payload of the chunk of a PNG that holds a text."""
    if value.isascii():
        return b"tEXt", b"%b\0%b" % (key.encode("latin-1"), value.encode())
    return b"iTXt", key.encode("latin-1") + bytes(5) + value.encode()


def find_homeless(texts: Iterable[tuple[str, str]]) -> list[str]:
    """Return the keywords of texts that no format but PNG has a place for."""
    return [key for key, value in texts if key not in _ELSEWHERE and not _value_in_xmp(key, value)]


def _properties(texts: Iterable[tuple[str, str]]) -> Iterator[ET.Element]:
    for key, value in texts:
        if words := _value_in_xmp(key, value):
            namespace, name, container = _PROPERTIES[key]
            yield xmp.build_property(f"{{{namespace}}}{name}", container, [words])


def _value_in_xmp(key: str, value: str) -> str:
    """Return what XMP says for a text, "" where it has no place for it."""
    if key not in _PROPERTIES:
        return ""
    words = "".join(character for character in value if character.isprintable() or character in "\t\n\r")
    return _date(words) if key == _CREATED else words


def _date(text: str) -> str:
    """Return a date and time in the form of XMP, "" where it is none."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return read(_DATE_BY_COLONS.sub(r"\1-\2-\3", text.strip())).isoformat()
        except (ValueError, OverflowError):
            continue
    return ""

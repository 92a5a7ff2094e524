"""AVIF and HEIC files with other metadata, everything else left where it lies, bit for bit.

What goes is overwritten in its place, as all other parts of such a file are known by their offsets (ISO/IEC 14496-12,
8.11, and 23008-12, annex A).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from fileq.files.containers import boxes
from fileq.images.formats.isobmff import read_items
from fileq.images.metadata.xmp import without_wrapper

if TYPE_CHECKING:
    from fileq.images.formats.isobmff import ItemPart, ItemTable
    from fileq.images.metadata.selection import Metadata

_NO_EXIF = b"MM\0*\0\0\0\x08\0\0\0\0\0\0"
"""A directory without entries."""

_XMP = b"application/rdf+xml"
_PREFIX = 6  # bytes of Exif\0\0, which Pillow writes before a directory


def rewrite(content: bytes, exif: bytes, data: Metadata) -> bytes:
    """Return the file with `exif` and the XMP of `data` in place of its own, as far as it had some.

    Raises ValueError or IndexError where the file is not laid out so, or has no room for what is new.
    """
    new = bytearray(content)
    for box in boxes(io.BytesIO(content)):
        if box.name == b"uuid":
            new[box.payload : box.end] = bytes(box.end - box.payload)
            new[box.start + 4 : box.start + 8] = b"free"
        elif box.name == b"moov":
            raise ValueError("it has tracks, whose metadata lies elsewhere")
    items = read_items(content)
    if items is not None:
        _rewrite_items(new, content, items, exif, data.xmp)
    return bytes(new)


def _rewrite_items(new: bytearray, content: bytes, items: ItemTable, exif: bytes, xmp: bytes) -> None:
    for item_id, places in items.parts(content).items():
        kind = items.kinds.get(item_id)
        if kind == b"Exif":
            payload = _PREFIX.to_bytes(4, "big") + exif if exif else bytes(4) + _NO_EXIF
            _overwrite(new, places, payload, b"\0")
        elif kind == _XMP:
            room = sum(place.length for place in places)
            _overwrite(new, places, xmp if len(xmp) <= room else without_wrapper(xmp), b" ")


def _overwrite(new: bytearray, places: list[ItemPart], payload: bytes, padding: bytes) -> None:
    room = sum(place.length for place in places)
    if len(payload) > room:
        raise ValueError("there is no room for the metadata that stays")
    payload = payload.ljust(room, padding)
    for start, length in places:
        if start + length > len(new):
            raise ValueError("an item lies outside of the file")
        new[start : start + length], payload = payload[:length], payload[length:]

"""AVIF and HEIC files with other metadata, everything else left where it lies, bit for bit.

What goes is overwritten in its place, as all other parts of such a file are known by their offsets (ISO/IEC 14496-12,
8.11, and 23008-12, annex A).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

from fileq.files.containers import boxes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fileq.files.containers import Chunk
    from fileq.images.metadata.selection import Metadata

_NO_EXIF = b"MM\0*\0\0\0\x08\0\0\0\0\0\0"
"""A directory without entries."""

_XMP = b"application/rdf+xml"
_PREFIX = 6  # bytes of Exif\0\0, which Pillow writes before a directory
_IN_FILE, _IN_BOX = 0, 1  # how an item is found


class _Place(NamedTuple):
    """Where a part of an item lies in the file."""

    start: int
    length: int


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
        elif box.name == b"meta":
            _rewrite_items(new, content, box, exif, data.xmp)
    return bytes(new)


def _rewrite_items(new: bytearray, content: bytes, meta: Chunk, exif: bytes, xmp: bytes) -> None:
    parts = {box.name: box for box in boxes(io.BytesIO(content), meta.payload + 4, meta.end)}
    if b"iinf" not in parts or b"iloc" not in parts:
        return
    kinds = dict(_read_items(content, parts[b"iinf"]))
    base = parts[b"idat"].payload if b"idat" in parts else -1
    for item_id, places in _read_places(content, parts[b"iloc"], base):
        kind = kinds.get(item_id)
        if kind == b"Exif":
            payload = _PREFIX.to_bytes(4, "big") + exif if exif else bytes(4) + _NO_EXIF
            _overwrite(new, places, payload, b"\0")
        elif kind == _XMP:
            _overwrite(new, places, xmp, b" ")


def _overwrite(new: bytearray, places: list[_Place], payload: bytes, padding: bytes) -> None:
    room = sum(place.length for place in places)
    if len(payload) > room:
        raise ValueError("there is no room for the metadata that stays")
    payload = payload.ljust(room, padding)
    for start, length in places:
        if start + length > len(new):
            raise ValueError("an item lies outside of the file")
        new[start : start + length], payload = payload[:length], payload[length:]


def _read_items(content: bytes, iinf: Chunk) -> Iterator[tuple[int, bytes]]:
    """Yield the ids of items with their types; of one with a media type, that."""
    at = iinf.payload + (6 if content[iinf.payload] == 0 else 8)
    for box in boxes(io.BytesIO(content), at, iinf.end):
        version = content[box.payload]
        if version < 2:
            raise ValueError("an item has no type")
        width = 2 if version == 2 else 4
        at = box.payload + 4
        item_id = int.from_bytes(content[at : at + width], "big")
        kind, *names = content[at + width + 2 : at + width + 6], *content[at + width + 6 : box.end].split(b"\0")
        yield item_id, names[1] if kind == b"mime" and len(names) > 1 else kind


def _read_places(content: bytes, iloc: Chunk, base: int) -> Iterator[tuple[int, list[_Place]]]:
    """Yield the ids of items with the places of all their parts; `base` is where those in a box are counted from."""
    reader = _Reader(content, iloc.payload)
    version = reader.take(1)
    reader.take(3)
    sizes = reader.take(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(reader.take(2 if version < 2 else 4)):
        item_id = reader.take(2 if version < 2 else 4)
        method = reader.take(2) & 15 if version else _IN_FILE
        reader.take(2)
        origin = reader.take(base_size)
        places = []
        for _ in range(reader.take(2)):
            reader.take(index_size if version else 0)
            start, length = origin + reader.take(offset_size), reader.take(length_size)
            places.append(_Place(start + (base if method == _IN_BOX else 0), length))
        if method > _IN_BOX or (method == _IN_BOX and base < 0):
            raise ValueError("an item is made of others")
        yield item_id, places


class _Reader:
    """Reads big-endian numbers, one after another. Raises IndexError at the end."""

    def __init__(self, content: bytes, at: int) -> None:
        self._content, self._at = content, at

    def take(self, count: int) -> int:
        """Return the number in the next bytes; 0 of none."""
        if self._at + count > len(self._content):
            raise IndexError("it is cut off")
        self._at += count
        return int.from_bytes(self._content[self._at - count : self._at], "big")

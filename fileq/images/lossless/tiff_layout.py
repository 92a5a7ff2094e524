"""The directories of a TIFF file and the pixels that they point to, read and written as they are (TIFF 6.0, section 2).

Only what is laid out plainly: no BigTIFF, no pictures below others, no JPEG of the old kind.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # bytes by type
_BYTE, ASCII, SHORT, LONG = 1, 2, 3, 4
_PLACES = {273: 279, 324: 325}  # tags of where strips and tiles lie, and of how many bytes they have
_COMPRESSION, _OLD_JPEG, _SUB_DIRECTORIES = 259, 6, 330
_MOST_PAGES = 10_000


class Value(NamedTuple):
    """The value of a tag: its type by TIFF's number, and its bytes in the file's order."""

    type: int
    raw: bytes


@dataclass(slots=True)
class TiffPage:
    """A directory: its tags but those that say where pixels lie, and the pixels' own bytes, strip by strip."""

    tags: dict[int, Value]
    blobs: list[bytes]
    places_tag: int  # 273 for strips, 324 for tiles


@dataclass(slots=True)
class TiffLayout:
    """A whole file: "<" or ">" for the order of bytes, and its pages."""

    order: str
    pages: list[TiffPage]

    def numbers(self, value: Value) -> tuple[int, ...]:
        """Return the numbers of a tag of type SHORT or LONG."""
        letter = {_BYTE: "B", SHORT: "H", LONG: "L"}[value.type]
        return struct.unpack(f"{self.order}{len(value.raw) // _SIZES[value.type]}{letter}", value.raw)

    def short(self, *numbers: int) -> Value:
        """Return a value of type SHORT."""
        return Value(SHORT, struct.pack(f"{self.order}{len(numbers)}H", *numbers))

    def long(self, *numbers: int) -> Value:
        """Return a value of type LONG."""
        return Value(LONG, struct.pack(f"{self.order}{len(numbers)}L", *numbers))


def read_layout(content: bytes) -> TiffLayout:
    """Return the pages of a file. Raises ValueError, KeyError or struct.error where they are not laid out plainly."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(content[:4])
    if order is None:
        raise ValueError("it is no classic TIFF")
    layout, seen = TiffLayout(order, []), set[int]()
    (at,) = struct.unpack_from(f"{order}L", content, 4)
    while at:
        if at in seen or len(seen) == _MOST_PAGES:
            raise ValueError("its directories go round")
        seen.add(at)
        page, at = _read_page(layout, content, at)
        layout.pages.append(page)
    return layout


def _read_page(layout: TiffLayout, content: bytes, at: int) -> tuple[TiffPage, int]:
    order, tags = layout.order, {}
    (count,) = struct.unpack_from(f"{order}H", content, at)
    for place in range(at + 2, at + 2 + 12 * count, 12):
        tag, type_, number = struct.unpack_from(f"{order}HHL", content, place)
        length = _SIZES[type_] * number
        start = place + 8 if length <= 4 else struct.unpack_from(f"{order}L", content, place + 8)[0]
        tags[tag] = Value(type_, _cut(content, start, length))
    (following,) = struct.unpack_from(f"{order}L", content, at + 2 + 12 * count)
    if _SUB_DIRECTORIES in tags or layout.numbers(tags[_COMPRESSION]) == (_OLD_JPEG,):
        raise ValueError("it holds pictures that are not pages, or JPEG of the old kind")
    (places_tag,) = _PLACES.keys() & tags.keys()
    starts, lengths = layout.numbers(tags.pop(places_tag)), layout.numbers(tags.pop(_PLACES[places_tag]))
    blobs = [_cut(content, *place) for place in zip(starts, lengths, strict=True)]
    return TiffPage(tags, blobs, places_tag), following


def _cut(content: bytes, start: int, length: int) -> bytes:
    if start + length > len(content):
        raise ValueError("a value lies behind the end")
    return content[start : start + length]


def write_layout(layout: TiffLayout) -> bytes:
    """Return the file. Raises struct.error where it would have more than 4 GB."""
    out = bytearray(b"II*\0\0\0\0\0" if layout.order == "<" else b"MM\0*\0\0\0\0")
    link = 4  # where the place of the next directory is to be written
    for page in layout.pages:
        starts = [_append(out, blob) for blob in page.blobs]
        places = {
            page.places_tag: layout.long(*starts),
            _PLACES[page.places_tag]: layout.long(*map(len, page.blobs)),
        }
        link = _write_directory(out, layout.order, page.tags | places, link)
    return bytes(out)


def _write_directory(out: bytearray, order: str, tags: dict[int, Value], link: int) -> int:
    """Append a directory, have the one before point to it, and return where the link to the next one stands."""
    entries = b""
    for tag, value in sorted(tags.items()):
        field = value.raw.ljust(4, b"\0") if len(value.raw) <= 4 else struct.pack(f"{order}L", _append(out, value.raw))
        entries += struct.pack(f"{order}HHL", tag, value.type, len(value.raw) // _SIZES[value.type]) + field
    start = _append(out, struct.pack(f"{order}H", len(tags)) + entries + b"\0\0\0\0")
    struct.pack_into(f"{order}L", out, link, start)
    return start + 2 + len(entries)


def _append(out: bytearray, content: bytes) -> int:
    """Append at an even place, as TIFF wants it, and return that place."""
    out += b"\0" * (len(out) % 2)
    start = len(out)
    out += content
    return start

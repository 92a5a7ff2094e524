"""Where the pictures of a JPEG with several lie (CIPA DC-007, "Multi-Picture Format")."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from fileq.files.containers import jpeg_segment

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = b"MPF\0"
"""What the segment APP2 begins with that says it."""

APP2 = 0xE2
_HEADER = 8  # bytes of marker, length and name: offsets are counted from behind them
_MOST = 100
_VERSION, _COUNT, _ENTRIES = 0xB000, 0xB001, 0xB002
_ENTRY = 16  # bytes
_PRIMARY = 0x030000  # a kind of picture: the one that is shown


class Place(NamedTuple):
    """Where a picture begins in the file, and how many bytes it has."""

    start: int
    length: int


def read_places(content: bytes, segment: int) -> list[Place]:
    """Return the places of all pictures, as the segment says that begins at this offset. Raises struct.error."""
    header = segment + _HEADER
    order = "<" if content[header : header + 2] == b"II" else ">"
    (directory,) = struct.unpack_from(f"{order}I", content, header + 4)
    for tag, length, at in _directory(content, header, directory, order):
        if tag == _ENTRIES:
            entries = [
                struct.unpack_from(f"{order}III", content, header + at + _ENTRY * number)
                for number in range(min(length // _ENTRY, _MOST))
            ]
            return [Place(header + offset if offset else 0, size) for _, size, offset in entries]
    return []


def _directory(content: bytes, header: int, at: int, order: str) -> Iterator[tuple[int, int, int]]:
    """Yield the tags of a directory with the lengths and places of their values, as far as those are elsewhere."""
    (count,) = struct.unpack_from(f"{order}H", content, header + at)
    for number in range(count):
        tag, _, length, place = struct.unpack_from(f"{order}HHII", content, header + at + 2 + 12 * number)
        yield tag, length, place


def build_segment(primary: int, start: int, length: int) -> bytes:
    """Return the segment for a picture of `primary` bytes, and one of `length` that begins `start` behind its header.

    The segment is always as long, so that it can be put in before its numbers are known.
    """
    entries = 50  # bytes from the header: 8, a count of 2, three tags of 12, and 4 for the next directory
    tags = (
        struct.pack(">HHI4s", _VERSION, 7, 4, b"0100")
        + struct.pack(">HHII", _COUNT, 4, 1, 2)
        + struct.pack(">HHII", _ENTRIES, 7, 2 * _ENTRY, entries)
    )
    directory = struct.pack(">H", 3) + tags + struct.pack(">I", 0)
    pictures = struct.pack(">IIIHH", _PRIMARY, primary, 0, 0, 0) + struct.pack(">IIIHH", 0, length, start, 0, 0)
    return jpeg_segment(APP2, NAME + b"MM\0*" + struct.pack(">I", 8) + directory + pictures)

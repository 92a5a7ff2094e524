"""Headers of bitmaps that are shorter or longer than those that Pillow knows: OS/2 2.x has any length from 16 bytes."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING

from fileq.images.formats.bmp.image_file import FILE_HEADER, INFO

if TYPE_CHECKING:
    from typing import BinaryIO

_SHORTEST, _LONGEST = 16, 64
_SHORTEST_SIGNED = 16  # bytes: the header of OS/2 1.x, of 12, has sides of 16 bits without a sign
_MOST = 2**31
_KNOWN = {12, 40, 52, 56, 64, 108, 124}


def impossible_sides(start: bytes) -> tuple[int, int] | None:
    """Return the width and height in pixels that a bitmap beginning with `start` says and can't have; else None.

    A height below 0 is that of one whose rows begin at the top; a width below 0 means nothing.
    """
    if not start.startswith(b"BM") or len(start) < FILE_HEADER + INFO:
        return None
    header, width, height = struct.unpack_from("<Iii", start, FILE_HEADER)
    is_possible = width > 0 and 0 < abs(height) < _MOST
    return None if header < _SHORTEST_SIGNED or is_possible else (width, height)


def with_known_header(file: BinaryIO, start: bytes) -> BinaryIO:
    """Return an open bitmap that begins with `start`, with a header of 40 bytes in place of one of unknown length.

    It is the file itself where its header is known, or none. Raises OSError.
    """
    length = int.from_bytes(start[FILE_HEADER : FILE_HEADER + 4], "little")
    if not start.startswith(b"BM") or length in _KNOWN or not _SHORTEST <= length <= _LONGEST:
        return file
    file.seek(0)
    content = file.read()
    header = content[FILE_HEADER + 4 : FILE_HEADER + min(length, INFO)].ljust(INFO - 4, b"\0")
    (offset,) = struct.unpack_from("<I", content, 10)
    head = content[:10] + struct.pack("<II", offset + INFO - length, INFO)
    return BytesIO(head + header + content[FILE_HEADER + length :])

"""PNGs by their chunks: as they should be, and in any other way."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

START = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, content: bytes = b"", *, checksum: int | None = None, length: int | None = None) -> bytes:
    """A chunk with its length and checksum, or with others."""
    right = zlib.crc32(name + content) if checksum is None else checksum
    return struct.pack(">I", len(content) if length is None else length) + name + content + struct.pack(">I", right)


def header(size: tuple[int, int], color_type: int, depth: int = 8) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, color_type, 0, 0, 0))


def packed(rows: Sequence[bytes]) -> bytes:
    return zlib.compress(b"".join(b"\0" + row for row in rows))


END = chunk(b"IEND")

"""Rows that are missing in a PNG (PNG third edition): Pillow says nothing of them, and they stay black."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from fileq.files import containers

if TYPE_CHECKING:
    from typing import BinaryIO

    from PIL import Image
    from PIL.PngImagePlugin import PngImageFile

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by color type
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Of interlaced pictures: the first column and row of each pass, and its steps (section 8.1)."""

_AT_ONCE = 2**20  # bytes


def load_whole(image: PngImageFile, file: BinaryIO) -> None:
    """Decode an opened PNG; its file stays where it is.

    It is the first to do so: Pillow decodes one to find its EXIF data, and is silent at a second time about what was
    wrong at the first. Raises what Pillow raises; ValueError where rows are missing.
    """
    image.load()
    if _may_lack_rows(image) and not _has_all_rows(file):
        raise ValueError("rows of its pixels are missing")


def _may_lack_rows(image: Image.Image) -> bool:
    """Return whether one of the last two rows is as if never written: the last pass of interlacing has every other."""
    rows = range(max(0, image.height - 2), image.height)
    return any(image.crop((0, row, image.width, row + 1)).getbbox(alpha_only=False) is None for row in rows)


def _has_all_rows(file: BinaryIO) -> bool:
    place = file.tell()
    try:
        needed, found = _count_bytes(file)
    finally:
        file.seek(place)
    return found >= needed


def _count_bytes(file: BinaryIO) -> tuple[int, int]:
    """Return the bytes that the pixels need, and those that are there. Raises zlib.error."""
    needed = found = 0
    decompressor = zlib.decompressobj()
    for chunk in containers.png_chunks(file):
        if chunk.name == b"IHDR":
            width, height, depth, color_type, _, _, interlaced = struct.unpack(">IIBBBBB", file.read(13))
            needed = count_row_bytes(width, height, depth, color_type, interlaced)
        elif chunk.name == b"IDAT":
            found += _count_inflated(decompressor, file, chunk.length)
    return needed, found


def count_row_bytes(width: int, height: int, depth: int, color_type: int, interlaced: int) -> int:
    """Return the bytes of all rows, each with the byte that names its filter; the rest are the numbers of a header."""
    bits = depth * _CHANNELS[color_type]
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    total = 0
    for left, top, across, down in passes:
        columns, rows = -((left - width) // across), -((top - height) // down)
        total += rows * (1 + (columns * bits + 7) // 8) if columns > 0 < rows else 0
    return total


def _count_inflated(decompressor: zlib._Decompress, file: BinaryIO, length: int) -> int:
    count = 0
    while length > 0 and not decompressor.eof and (part := file.read(min(length, _AT_ONCE))):
        length -= len(part)
        while part:
            count += len(decompressor.decompress(part, _AT_ONCE))
            part = decompressor.unconsumed_tail
    return count

"""Bitmaps with a palette that Pillow doesn't read: of 2 bits a pixel, or packed with pixels left out.

[MS-WMF] 3.1.6 has how they are packed. What is left out, is black, as browsers have it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from fileq.images.formats.bmp.image_file import FILE_HEADER, INFO, BitmapFile

if TYPE_CHECKING:
    from typing import BinaryIO

_RAW, _RLE8, _RLE4 = 0, 1, 2
_BITS = {_RLE8: 8, _RLE4: 4}
_END_OF_ROW, _END, _MOVE = 0, 1, 2  # codes behind a count of 0


class IndexedLayout(NamedTuple):
    """The layout of a bitmap: bits a pixel, how it is packed, and the number of its colors."""

    header: int
    bits: int
    compression: int
    colors: int


def read_layout(start: bytes) -> IndexedLayout | None:
    """Return the layout of the bitmap that begins with `start`, where Pillow can't read it; None where it can."""
    if not start.startswith(b"BM") or len(start) < FILE_HEADER + INFO:
        return None
    header, width, height, _, bits, compression = struct.unpack_from("<IiiHHI", start, FILE_HEADER)
    (used,) = struct.unpack_from("<I", start, FILE_HEADER + 32)
    if header < INFO or width <= 0 or height == 0 or bits not in {1, 2, 4, 8}:
        return None
    is_packed = _BITS.get(compression) == bits
    if not is_packed and (compression != _RAW or (bits != 2 and used <= 1 << bits)):
        return None
    return IndexedLayout(header, bits, compression, min(used or 1 << bits, 1 << bits))


class IndexedBitmapFile(BitmapFile):
    """A bitmap of which `read_layout` has the layout."""

    has_palette = True

    def __init__(self, file: BinaryIO, layout: IndexedLayout) -> None:
        self._layout = layout
        super().__init__(file)

    def _open(self) -> None:
        super()._open()
        assert self.fp is not None
        self.fp.seek(FILE_HEADER + self._layout.header)
        self._colors = self.fp.read(4 * self._layout.colors)

    def _decode(self) -> Image.Image:
        assert self.fp is not None
        self.fp.seek(self._offset)
        content = self.fp.read()
        if self._layout.compression == _RAW:
            indexes, mask = _unpack_bits(content, self.size, self._layout.bits), None
        else:
            indexes, mask = _unpack_runs(content, self.size, self._layout.bits)
        picture = Image.frombytes("P", self.size, indexes)
        picture.putpalette(self._colors.ljust(4 * 256, b"\0"), "BGRX")
        colors = picture.convert("RGB")
        if mask is not None:
            colors = Image.composite(colors, Image.new("RGB", self.size), Image.frombytes("L", self.size, mask))
        return colors if self._is_top_down else colors.transpose(Image.Transpose.FLIP_TOP_BOTTOM)


def _unpack_bits(content: bytes, size: tuple[int, int], bits: int) -> bytes:
    """Return an index a byte, from rows that are padded to 4 bytes. Raises OSError where some are missing."""
    width, height = size
    stride = (width * bits + 31) // 32 * 4
    if len(content) < stride * height:
        raise OSError("image file is truncated")
    parts = range(8 - bits, -1, -bits)
    table = [bytes(byte >> shift & (1 << bits) - 1 for shift in parts) for byte in range(256)]
    rows = (content[at : at + stride] for at in range(0, stride * height, stride))
    return b"".join(b"".join(table[byte] for byte in row)[:width] for row in rows)


def _unpack_runs(content: bytes, size: tuple[int, int], bits: int) -> tuple[bytes, bytes]:
    """Return an index a byte, and 255 for each that is there. Raises OSError where it ends too early."""
    width, height = size
    indexes, mask = bytearray(width * height), bytearray(width * height)
    at = x = y = 0
    while y < height:
        if len(code := content[at : at + 2]) < 2:
            if y == height - 1 and x >= width:
                break
            raise OSError("image file is truncated")
        count, value = code
        at += 2
        pixels = b""
        if count:
            pixels = (bytes([value]) if bits == 8 else bytes([value >> 4, value & 15])) * count
            pixels = pixels[:count]
        elif value == _END_OF_ROW:
            x, y = 0, y + 1
        elif value == _END:
            break
        elif value == _MOVE:
            across, up = content[at : at + 2].ljust(2, b"\0")
            x, y, at = x + across, y + up, at + 2
        else:
            packed = content[at : at + (value * bits + 7) // 8]
            pixels = (packed if bits == 8 else bytes(part for byte in packed for part in (byte >> 4, byte & 15)))[
                :value
            ]
            at += (value * bits + 15) // 16 * 2
        fitting = pixels[: max(0, width - x)]
        place = y * width + x
        indexes[place : place + len(fitting)] = fitting
        mask[place : place + len(fitting)] = b"\xff" * len(fitting)
        x += len(fitting)
    return bytes(indexes), bytes(mask)

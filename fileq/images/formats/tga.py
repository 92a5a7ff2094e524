"""Targa (TGA File Format Specification 2.0) whose packets go on from one row into the next.

Version 1 allowed that, and many programs write it; Pillow calls it damaged.
"""

from __future__ import annotations

import os
from io import BytesIO
from typing import TYPE_CHECKING, Any

from PIL import ImageFile
from PIL.TgaImagePlugin import TgaImageFile

if TYPE_CHECKING:
    from typing import BinaryIO

_FOOTER = 26  # bytes
_RUN = 0x80  # the bit of a packet's first byte that makes it one pixel, so many times
_COUNT = 0x7F


class TgaFile(TgaImageFile):
    """A Targa picture. Raises as Pillow's on damage."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        super().__init__(file)

    def load(self) -> Any:
        tiles = self.tile
        try:
            return super().load()
        except OSError:
            if not tiles or tiles[0].codec_name != "tga_rle":
                raise
            self._load_unpacked(tiles[0])
            return super().load()

    def _load_unpacked(self, tile: Any) -> None:
        """Have Pillow read the pixels as if they had not been packed. Raises OSError where some are missing."""
        raw_mode, orientation, depth = tile.args
        self._file.seek(0, os.SEEK_SET)
        content = self._file.read()
        pixels = unpack(content, tile.offset, self.width * self.height, depth // 8)
        self.fp = BytesIO(content + pixels + content[-_FOOTER:])  # what a footer names by its place, stays there
        self.tile = [ImageFile._Tile("raw", tile.extents, len(content), (raw_mode, 0, orientation))]  # noqa: SLF001


def unpack(content: bytes, at: int, pixel_count: int, pixel_size: int) -> bytes:
    """Return so many pixels, of so many bytes each, from the packets that begin at one place of a file.

    Raises OSError where some are missing.
    """
    unpacked, needed = bytearray(), pixel_count * pixel_size
    while len(unpacked) < needed:
        packet = content[at : at + 1]
        count = (packet[0] & _COUNT) + 1 if packet else 0
        is_run = bool(packet) and bool(packet[0] & _RUN)
        length = pixel_size * (1 if is_run else count)
        pixels = content[at + 1 : at + 1 + length]
        if not packet or len(pixels) < length:
            raise OSError("image file is truncated")
        unpacked += pixels * count if is_run else pixels
        at += 1 + length
    return bytes(unpacked[:needed])

"""What the bitmaps that are read here have in common: the fields of their header, and when they are decoded."""

from __future__ import annotations

import struct
from typing import Any

from PIL import Image, ImageFile

FILE_HEADER, INFO = 14, 40
"""Bytes: of the header of the file, and of the one behind it that all know."""

_INCH = 0.0254  # m


class BitmapFile(ImageFile.ImageFile):
    """A bitmap that its class decodes whole, by `_decode`."""

    format = "BMP"
    format_description = "Windows Bitmap"

    def _open(self) -> None:
        assert self.fp is not None
        self.fp.seek(0)
        head = self.fp.read(FILE_HEADER + INFO)
        (self._offset,) = struct.unpack_from("<I", head, 10)
        width, height = struct.unpack_from("<ii", head, FILE_HEADER + 4)
        self._size = width, abs(height)
        self._is_top_down = height < 0
        self._mode = "RGB"
        density = struct.unpack_from("<ii", head, FILE_HEADER + 24)
        if min(density) > 0:
            self.info["dpi"] = tuple(value * _INCH for value in density)

    def load(self) -> Any:
        if self._im is None:
            self.im = self._decode().im
        return Image.Image.load(self)

    def _decode(self) -> Image.Image:
        raise NotImplementedError

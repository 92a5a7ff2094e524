"""Windows bitmaps whose channels are bit fields of any width, and whose header has a mask for alpha ([MS-WMF] 2.2.2).

As browsers show them: Pillow has a list of layouts, and takes alpha out of some headers only.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageMath

from fileq.images.formats.bmp.image_file import FILE_HEADER, INFO, BitmapFile

if TYPE_CHECKING:
    from typing import BinaryIO

_V3, _V4 = 56, 108  # bytes of headers from which on there is a mask for alpha
_RAW, _BIT_FIELDS, _ALPHA_BIT_FIELDS = 0, 3, 6
_BLUE_FIRST = (0xFF0000, 0xFF00, 0xFF)  # the masks of 32 bits a pixel where nothing says them
_LAST_BYTE = 0xFF000000
_OF_PILLOW = {(*_BLUE_FIRST, 0), (*_BLUE_FIRST, _LAST_BYTE)}
_STRIP = 2**20  # pixels that are taken apart at once, with 20 bytes each


class BitFields(NamedTuple):
    """The layout of a bitmap: bits a pixel, and the masks of red, green, blue and alpha."""

    bits: int
    masks: tuple[int, ...]


def read_fields(start: bytes) -> BitFields | None:
    """Return the layout of the bitmap that begins with `start`, where Pillow can't read it; None where it can.

    None too where it can't be, as with masks that have gaps.
    """
    if not start.startswith(b"BM") or len(start) < FILE_HEADER + INFO + 16:
        return None
    header, width, height, _, bits, compression = struct.unpack_from("<IiiHHI", start, FILE_HEADER)
    if header < INFO or width <= 0 or height == 0 or bits not in {16, 32}:
        return None
    masks = struct.unpack_from("<4I", start, FILE_HEADER + INFO)  # those of a short header follow it
    if compression == _RAW and header >= _V4 and bits == 32 and masks[3]:  # browsers go by whether there is one
        return BitFields(bits, (*_BLUE_FIRST, _LAST_BYTE))
    has_alpha = header >= _V3 or (header == INFO and compression == _ALPHA_BIT_FIELDS)
    is_fields = compression == _BIT_FIELDS or (compression == _ALPHA_BIT_FIELDS and has_alpha)
    masks = masks if has_alpha else (*masks[:3], 0)
    if not is_fields or (compression == _BIT_FIELDS and bits == 32 and masks in _OF_PILLOW):
        return None
    return _checked(BitFields(bits, masks))


def _checked(fields: BitFields) -> BitFields | None:
    """Return the layout where it can be: each mask one run of bits, none beyond the pixel."""
    for mask in fields.masks:
        run = mask + (mask & -mask)  # a power of two where the bits follow each other
        if mask >> fields.bits or run & (run - 1):
            return None
    return fields


class BitFieldsImageFile(BitmapFile):
    """A bitmap of which `read_fields` has the layout."""

    def __init__(self, file: BinaryIO, fields: BitFields) -> None:
        self._fields = fields
        super().__init__(file)

    def _open(self) -> None:
        super()._open()
        self._mode = "RGBA" if self._fields.masks[3] else "RGB"

    def _decode(self) -> Image.Image:
        assert self.fp is not None
        whole = Image.new(self.mode, self.size)
        stride = math.ceil(self.width * self._fields.bits / 32) * 4
        rows = max(1, _STRIP // self.width)
        self.fp.seek(self._offset)
        for top in range(0, self.height, rows):
            count = min(rows, self.height - top)
            content = self.fp.read(count * stride)
            if len(content) < count * stride:
                raise OSError("image file is truncated")
            strip = self._take_apart(content, count, stride)
            whole.paste(strip, (0, top if self._is_top_down else self.height - top - count))
        return whole

    def _take_apart(self, content: bytes, rows: int, stride: int) -> Image.Image:
        mode = "I" if self._fields.bits == 32 else "I;16"
        raw_mode = "I;32S" if self._fields.bits == 32 else "I;16"
        direction = 1 if self._is_top_down else -1
        size = (self.width, rows)
        pixels = Image.frombytes(mode, size, content, "raw", raw_mode, stride, direction).convert("I")
        return Image.merge(self.mode, [_channel(pixels, mask) for mask in self._fields.masks[: len(self.mode)]])


def _channel(pixels: Image.Image, mask: int) -> Image.Image:
    """Return the channel under a mask with 8 bits, of which fewer are stretched, and more are cut."""
    if not mask:
        return Image.new("L", pixels.size)
    width = mask.bit_count()
    shift = mask.bit_length() - min(width, 8)
    top = 2 ** min(width, 8) - 1
    levels: Image.Image = ImageMath.lambda_eval(lambda names: (names["pixels"] >> shift) & top, pixels=pixels)
    return levels.convert("L").point([round(min(level, top) * 255 / top) for level in range(256)])

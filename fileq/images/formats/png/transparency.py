"""PNG's transparent color (PNG third edition, 11.3.2.1), where Pillow doesn't apply it: at 2, 4 and 16 bits."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngImageFile

from fileq.operations.base import to_8_bit

if TYPE_CHECKING:
    from typing import BinaryIO

_DEPTH_AT = 24  # the place of IHDR's bit depth in the file
_LEVELS = {2: 85, 4: 17}  # what a step of gray becomes as Pillow decodes it to 8 bits
_HIGH, _LOW = "RGB;16B", "RGB;16L"
"""Pillow's raw modes for the high bytes of 16-bit colors. Those of little-endian colors are big-endian ones' low."""

_MASK = "pixels_that_are_not_transparent"  # the key of a mask in the info of an opened image


def prepare_transparent_color(image: PngImageFile, file: BinaryIO, start: bytes) -> None:
    """Have the `transparency` of an opened PNG, which begins with `start`, mean what its pixels will be.

    A color of 16 bits becomes a mask, for which the pixels are decoded: `apply_transparent_color` needs it.
    """
    color = image.info.get("transparency")
    depth = start[_DEPTH_AT]
    if image.mode == "L" and isinstance(color, int) and depth in _LEVELS:
        image.info["transparency"] = (color & (1 << depth) - 1) * _LEVELS[depth]  # other bits mean nothing
    elif color is not None and depth == 16:
        image.info[_MASK] = _find_other_pixels(file, image.info.pop("transparency"))


def has_transparent_color(image: Image.Image) -> bool:
    """Return whether an opened image has a transparent color of 16 bits."""
    return _MASK in image.info


def apply_transparent_color(image: PngImageFile) -> Image.Image:
    """Return an opened PNG with a transparent color of 16 bits as LA or RGBA: as exact as the color, all its bits."""
    image.load()
    opaque = to_8_bit(image) if image.mode == "I;16" else image.copy()
    opaque.putalpha(image.info[_MASK])
    return opaque


def _find_other_pixels(file: BinaryIO, color: int | tuple[int, int, int]) -> Image.Image:
    """Return a mask of the pixels that don't have this color of 16 bits. The file stays where it is."""
    place = file.tell()
    if isinstance(color, int):
        mask = _decode_again(file, None).convert("I").point([255 * (level != color) for level in range(65536)], "L")
    else:
        high = [level >> 8 for level in color], _decode_again(file, _HIGH)
        low = [level & 0xFF for level in color], _decode_again(file, _LOW)
        bands = [pair for levels, image in (high, low) for pair in zip(levels, image.split(), strict=True)]
        masks = [band.point([255 * (value != level) for value in range(256)]) for level, band in bands]
        mask = functools.reduce(ImageChops.lighter, masks)
    file.seek(place)
    return mask


def _decode_again(file: BinaryIO, raw_mode: str | None) -> PngImageFile:
    file.seek(0)
    image = PngImageFile(file)
    if raw_mode is not None:
        image.tile = [tile._replace(args=raw_mode) for tile in image.tile]
    image.load()
    return image

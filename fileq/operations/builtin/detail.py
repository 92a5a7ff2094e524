"""The parts of a picture where something is to be seen: inside of uniform borders, and with most detail."""

from __future__ import annotations

import itertools
from functools import reduce
from typing import TYPE_CHECKING

from fileq.operations.base import to_8_bit
from fileq.units import Size

if TYPE_CHECKING:
    from PIL.Image import Image

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels."""

_LONGER_SIDE = 256  # pixels on the longer side are enough to tell where the detail is


def find_content_box(image: Image, tolerance: int) -> Box:
    """Return the box that is left without borders of the color of the top left pixel.

    `tolerance` is how far a channel may be from that color, 0 to 255. A picture of one color is kept whole.
    """
    from PIL import ImageChops
    from PIL.Image import new

    picture = _premultiply(to_8_bit(image))
    corner = picture.getpixel((0, 0))
    ground = new(picture.mode, picture.size, corner)
    far = reduce(ImageChops.lighter, ImageChops.difference(picture, ground).split())
    box = far.point([255 * (value > tolerance) for value in range(256)]).getbbox()
    return box or (0, 0, *image.size)


def find_detail_box(image: Image, window: Size) -> Box:
    """Return the box of the size `window` with most detail; among equals the one nearest to the middle.

    Detail is what a blur takes away, summed over the columns and rows of a small copy.
    """
    from PIL import ImageChops, ImageFilter

    gray = _visible_gray(to_8_bit(image))
    gray.thumbnail((_LONGER_SIDE, _LONGER_SIDE))
    detail = ImageChops.difference(gray, gray.filter(ImageFilter.GaussianBlur(2)))
    left = _start(_profile(detail, Size(detail.width, 1)), image.width, window.width)
    top = _start(_profile(detail, Size(1, detail.height)), image.height, window.height)
    return left, top, left + window.width, top + window.height


def _premultiply(image: Image) -> Image:
    """Return the image with hidden colors made one, so that they can't be taken for something to see."""
    return image.convert({"LA": "La", "RGBA": "RGBa"}[image.mode]) if image.mode in ("LA", "RGBA") else image


def _visible_gray(image: Image) -> Image:
    """Return a new picture in gray, what is transparent in black."""
    from PIL.Image import merge

    if image.mode == "RGBA":
        return merge("RGB", _premultiply(image).split()[:3]).convert("L")
    return _premultiply(image).split()[0] if image.mode == "LA" else image.convert("L")


def _profile(detail: Image, size: Size) -> list[float]:
    """Return the mean detail of each column or row: `size` has one side of 1."""
    from PIL.Image import Resampling

    line = detail.convert("F").resize(size, Resampling.BOX)
    return list(memoryview(line.tobytes()).cast("f"))


def _start(profile: list[float], whole: int, part: int) -> int:
    """Return where a window of `part` of `whole` pixels sees most of the profile."""
    span = max(1, round(part * len(profile) / whole))
    sums = [0.0, *itertools.accumulate(profile)]
    middle = (len(profile) - span) / 2

    def worth(start: int) -> tuple[float, float]:
        """Return how much a window sees; of two that see as much, the one nearer to the middle is worth more."""
        return round(sums[start + span] - sums[start], 3), -abs(start - middle)

    best = max(range(len(profile) - span + 1), key=worth)
    if abs(best - middle) < 1:
        return (whole - part) // 2
    return min(round(best * whole / len(profile)), whole - part)

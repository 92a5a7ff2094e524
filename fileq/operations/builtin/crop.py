"""Cropping: by a box, by proportions, to the detail, or without borders."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from fileq.errors import ErrorKind, JobError
from fileq.operations.base import Operation
from fileq.operations.builtin.detail import Box, find_content_box, find_detail_box
from fileq.operations.builtin.resize import fit_size
from fileq.operations.gravity import Gravity, gravity_offset
from fileq.units import Dimensions, Size

if TYPE_CHECKING:
    from PIL.Image import Image

_ASPECT = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?)\s*:\s*(\d{1,6}(?:\.\d{1,6})?)\s*")


class Crop(Operation, frozen=True, kw_only=True):
    """Cuts a part out of a picture. Give exactly one of `box`, `aspect` and `trim`.

    box: the part to keep, [left, top, right, bottom] in pixels; what lies outside of the picture is left out
    aspect: the largest part with these proportions, "16:9"
    gravity: which part `aspect` keeps, "north" the top ("center")
    smart: `aspect` keeps the part with most detail (false)
    trim: cut off borders that have the colour of the top left pixel (false)
    tolerance: how far a border may be from that colour in `trim`, 0 to 255 (10)

    { op = "crop", aspect = "1:1", smart = true }
    """

    keeps_16_bit: ClassVar[bool] = True
    takes_any_channels: ClassVar[bool] = True

    box: Box | None = None
    aspect: str | None = None
    gravity: Gravity = "center"
    smart: bool = False
    trim: bool = False
    tolerance: int = 10

    def __post_init__(self) -> None:
        if (self.box is not None) + (self.aspect is not None) + self.trim != 1:
            raise ValueError("crop needs exactly one of box, aspect and trim")
        if self.box is not None:
            _check_box(self.box)
        if self.aspect is not None:
            parse_aspect(self.aspect)
        if self.aspect is None and (self.smart or self.gravity != "center"):
            raise ValueError("smart and gravity say what aspect keeps; without aspect they have no meaning")
        if self.smart and self.gravity != "center":
            raise ValueError("smart finds the place by itself; leave gravity out")
        if not 0 <= self.tolerance <= 255:
            raise ValueError("tolerance is a number from 0 to 255")

    def size(self, size: Size) -> Size:
        """Return the size of the box; the whole one of `trim` that is not settled: what goes is not yet known."""
        left, top, right, bottom = self.box_in(size)
        return Size(right - left, bottom - top)

    def settled(self, image: Image) -> Crop:
        if self.trim:
            return Crop(box=find_content_box(image, self.tolerance))
        if self.smart:
            return Crop(box=find_detail_box(image, self.size(Size(*image.size))))
        return self

    def apply(self, image: Image) -> Image:
        size = Size(*image.size)
        box = self.settled(image).box_in(size)
        return image if box == (0, 0, *size) else image.crop(box)

    def box_in(self, size: Size) -> Box:
        """Return left, top, right and bottom of what stays of a picture of `size`; of a settled step, if it trims."""
        if self.box is not None:
            return _clip_box(self.box, size)
        if self.aspect is None:
            return 0, 0, *size
        width, height = fit_size(parse_aspect(self.aspect), Dimensions(*size))
        left, top = gravity_offset(self.gravity, (size.width - width, size.height - height))
        return left, top, left + width, top + height


def parse_aspect(aspect: str) -> Size:
    """Return proportions in whole numbers: of "1.91:1" 191 and 100. Raises ValueError with what is allowed."""
    match = _ASPECT.fullmatch(aspect)
    sides = [Fraction(side) for side in match.groups()] if match else [Fraction(0)]
    if 0 in sides:
        raise ValueError(f'{aspect!r} are no proportions; write them like "16:9" or "1.91:1"')
    return Size(*(sides[0] / sides[1]).as_integer_ratio())


def _check_box(box: Box) -> None:
    left, top, right, bottom = box
    if not (0 <= left < right and 0 <= top < bottom):
        raise ValueError("box is [left, top, right, bottom] in pixels, right beyond left and bottom beyond top")


def _clip_box(box: Box, size: Size) -> Box:
    left, top, right, bottom = box
    if left >= size.width or top >= size.height:
        raise JobError(
            ErrorKind.UNSUPPORTED,
            f"The box {list(box)} to crop lies outside of the picture, which has {size.width}x{size.height} pixels.",
            "Crop by aspect, or use another recipe for pictures of this size.",
        )
    return left, top, min(right, size.width), min(bottom, size.height)

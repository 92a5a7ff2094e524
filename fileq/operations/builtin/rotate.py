"""Rotating by any angle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from fileq.operations.base import Operation, to_8_bit
from fileq.operations.builtin.canvas import pixel_value, place_on_canvas
from fileq.operations.color import parse_color
from fileq.units import Size

if TYPE_CHECKING:
    from PIL.Image import Image

_ERROR = 1e-6  # of a pixel: what sines and cosines may be off, and no reason for one more pixel


class Rotate(Operation, frozen=True, kw_only=True):
    """Rotates a picture clockwise. Right angles lose nothing.

    degrees: clockwise, from -360 to 360; 90 puts the left side on top
    expand: the result grows to hold the whole picture, its sides rounded up; else it keeps its size (true)
    color: of the corners: a CSS name, "#rrggbb" or "transparent" ("transparent")

    { op = "rotate", degrees = 90 }
    """

    keeps_16_bit: ClassVar[bool] = True

    degrees: float
    expand: bool = True
    color: str = "transparent"

    def __post_init__(self) -> None:
        if not -360 <= self.degrees <= 360:
            raise ValueError("degrees is an angle from -360 to 360, clockwise")
        parse_color(self.color)

    @property
    def takes_any_channels(self) -> bool:
        return self.only_turns

    def size(self, size: Size) -> Size:
        if not self.expand or self._angle % 180 == 0:
            return size
        if self._angle % 90 == 0:
            return size.transposed
        sine, cosine = abs(math.sin(self._radians)), abs(math.cos(self._radians))
        return Size(
            math.ceil(size.width * cosine + size.height * sine - _ERROR),
            math.ceil(size.width * sine + size.height * cosine - _ERROR),
        )

    def apply(self, image: Image) -> Image:
        from PIL.Image import Transpose

        if not self.only_turns:
            return self._rotate_freely(to_8_bit(image))
        # Pillow turns the other way round.
        turns = (None, Transpose.ROTATE_270, Transpose.ROTATE_180, Transpose.ROTATE_90)
        turn = turns[int(self._angle // 90)]
        return image if turn is None else image.transpose(turn)

    def _rotate_freely(self, image: Image) -> Image:
        from PIL.Image import Resampling, Transform

        color = parse_color(self.color)
        target = self.size(Size(*image.size))
        # One pixel of the color all around makes the edges smooth.
        framed = place_on_canvas(image, Size(image.width + 2, image.height + 2), color, (1, 1))
        return framed.transform(
            target,
            Transform.AFFINE,
            self.matrix(target, Size(*framed.size)),
            Resampling.BICUBIC,
            fillcolor=pixel_value(color.premultiplied, framed.mode),
        )

    @property
    def only_turns(self) -> bool:
        """Whether the pixels stay what they are, and only lie otherwise."""
        quarters, rest = divmod(self._angle, 90)
        return not rest and (self.expand or quarters % 2 == 0)

    def matrix(self, target: Size, source: Size) -> tuple[float, ...]:
        """Return the matrix from a place in the target to the place in the source, middle onto middle."""
        sine, cosine = math.sin(self._radians), math.cos(self._radians)
        x, y = target.width / 2, target.height / 2
        left = source.width / 2 - cosine * x - sine * y
        top = source.height / 2 + sine * x - cosine * y
        return cosine, sine, left, -sine, cosine, top

    @property
    def _angle(self) -> float:
        """The angle from 0 up to 360 degrees; rounded, for a hair less than 0 would be 360."""
        return round(self.degrees, 6) % 360

    @property
    def _radians(self) -> float:
        return math.radians(self._angle)

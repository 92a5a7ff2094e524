"""Resizing: the geometry of every way to do it, and the hot path of most jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from fileq.operations.base import Operation, parse_given
from fileq.operations.gravity import Gravity, gravity_offset
from fileq.units import Dimensions, Size

if TYPE_CHECKING:
    from PIL.Image import Image

Region = tuple[float, float, float, float]
"""Left, top, right and bottom in the picture; borders may lie between pixels."""


class Resize(Operation, frozen=True, kw_only=True):
    """Makes a picture smaller or larger. Give exactly one of `fit`, `fill`, `exact` and `scale`.

    fit: the largest size inside these dimensions, proportions kept; one side may be open ("1600x")
    fill: exactly these dimensions, proportions kept, what stands out is cut off
    exact: exactly these dimensions, proportions bent; a side left open follows the other
    scale: a factor, 0.5 is half as wide and half as high
    gravity: which part `fill` keeps, "north" the top ("center")
    enlarge: whether `fit` and `fill` may make a small picture larger; `exact` and `scale` always may (recipe's)

    A side is rounded to the nearest pixel, halves up, and never less than 1.
    A picture too small for `fill` is cut to its proportions, and not enlarged.

    { op = "resize", fit = "1600x1600" }
    """

    keeps_16_bit: ClassVar[bool] = True
    takes_any_channels: ClassVar[bool] = True

    fit: Dimensions | None = None
    fill: Dimensions | None = None
    exact: Dimensions | None = None
    scale: float | None = None
    gravity: Gravity = "center"
    enlarge: bool | None = None

    if TYPE_CHECKING:  # what a program may give

        def __init__(
            self,
            *,
            fit: Dimensions | str | None = None,
            fill: Dimensions | str | None = None,
            exact: Dimensions | str | None = None,
            scale: float | None = None,
            gravity: Gravity = "center",
            enlarge: bool | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        parse_given(self, Dimensions, "fit", "fill", "exact")
        if sum(way is not None for way in (self.fit, self.fill, self.exact, self.scale)) != 1:
            raise ValueError("resize needs exactly one of fit, fill, exact and scale")
        if self.fill is not None and None in (self.fill.width, self.fill.height):
            raise ValueError('fill needs both sides, like "300x300"; for one side use fit')
        if self.scale is not None and not 0 < self.scale <= 100:
            raise ValueError("scale is a factor above 0, at most 100, like 0.5")
        if self.gravity != "center" and self.fill is None:
            raise ValueError("gravity says what fill keeps; without fill it has no meaning")

    def size(self, size: Size) -> Size:
        if self.scale is not None:
            return Size(round_side(size.width * self.scale), round_side(size.height * self.scale))
        if self.exact is not None:
            whole = fit_size(size, self.exact)
            return Size(self.exact.width or whole.width, self.exact.height or whole.height)
        if self.fill is not None:
            return self._fill_size(size, Size(self.fill.width or 1, self.fill.height or 1))
        assert self.fit is not None
        new = fit_size(size, self.fit)
        return new if self.enlarge or (new.width <= size.width and new.height <= size.height) else size

    def _fill_size(self, size: Size, wanted: Size) -> Size:
        if self.enlarge or (wanted.width <= size.width and wanted.height <= size.height):
            return wanted
        return fit_size(wanted, Dimensions(*size))

    def region(self, size: Size) -> Region:
        """Return the part of a picture of `size` that is seen in the result: all of it, except with `fill`."""
        if self.fill is None:
            return 0, 0, *size
        target = self.size(size)
        ratio = min(size.width / target.width, size.height / target.height)
        width, height = min(target.width * ratio, size.width), min(target.height * ratio, size.height)
        left, top = gravity_offset(self.gravity, (size.width - width, size.height - height))
        return left, top, min(left + width, size.width), min(top + height, size.height)

    def apply(self, image: Image) -> Image:
        from PIL.Image import Resampling

        size = Size(*image.size)
        target = self.size(size)
        if target == size:
            return image
        left, top, right, bottom = region = self.region(size)
        if right - left == target.width and bottom - top == target.height:
            return image.crop((int(left), int(top), int(right), int(bottom)))
        # Pillow premultiplies LA and RGBA by itself, so that hidden colors don't bleed.
        return image.resize(target, Resampling.LANCZOS, box=region)


def fit_size(size: Size, within: Dimensions) -> Size:
    """Return the largest size in pixels with the proportions of `size` that fits; an open side sets no limit.

    The side that limits is met exactly, the other is rounded half up and at least 1 pixel.
    """
    width, height = within.width, within.height
    if height is None or (width is not None and width * size.height <= height * size.width):
        assert width is not None
        return Size(width, _scale_side(width, size.height, size.width))
    return Size(_scale_side(height, size.width, size.height), height)


def _scale_side(side: int, dividend: int, divisor: int) -> int:
    """Return `side * dividend / divisor`, rounded half up without a float's error, and at least 1."""
    return max(1, (2 * side * dividend + divisor) // (2 * divisor))


def round_side(length: float) -> int:
    """Return a length rounded to the nearest whole pixel, halves up, at least 1."""
    return max(1, int(length + 0.5))

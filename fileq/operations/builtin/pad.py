"""Padding: a picture on a canvas of a given size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from fileq.operations.base import Operation, parse_given
from fileq.operations.builtin.canvas import place_on_canvas
from fileq.operations.builtin.resize import Resize
from fileq.operations.color import parse_color
from fileq.operations.gravity import Gravity, gravity_offset
from fileq.units import Dimensions, Size

if TYPE_CHECKING:
    from PIL.Image import Image


class Pad(Operation, frozen=True, kw_only=True):
    """Puts a picture on a canvas of exactly this size. A larger picture is made smaller to fit, none is enlarged.

    size: the canvas's dimensions; a side left open ("2000x") is as long as the picture's
    color: a CSS name, "#rrggbb" or "transparent" ("white")
    gravity: where on the canvas the picture lies ("center")

    { op = "pad", size = "2000x2000", color = "white" }
    """

    canvas: Dimensions = msgspec.field(name="size")
    color: str = "white"
    gravity: Gravity = "center"

    if TYPE_CHECKING:  # what a program may give

        def __init__(self, *, canvas: Dimensions | str, color: str = "white", gravity: Gravity = "center") -> None: ...

    def __post_init__(self) -> None:
        parse_given(self, Dimensions, "canvas")
        parse_color(self.color)

    def size(self, size: Size) -> Size:
        inner = self.inner_size(size)
        return Size(self.canvas.width or inner.width, self.canvas.height or inner.height)

    def apply(self, image: Image) -> Image:
        inner = self._fit_step().apply(image)
        outer = self.size(Size(*image.size))
        if outer == inner.size:
            return inner
        return place_on_canvas(inner, outer, parse_color(self.color), self.place(Size(*inner.size), outer))

    def inner_size(self, size: Size) -> Size:
        """Return the size that a picture of `size` has on the canvas, in pixels."""
        return self._fit_step().size(size)

    def place(self, inner: Size, outer: Size) -> tuple[int, int]:
        """Return left and top of a picture of the size `inner` on a canvas of the size `outer`."""
        return gravity_offset(self.gravity, (outer.width - inner.width, outer.height - inner.height))

    def _fit_step(self) -> Resize:
        return Resize(fit=self.canvas)

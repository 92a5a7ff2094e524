"""A border around a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fileq.operations.base import Operation
from fileq.operations.builtin.canvas import place_on_canvas
from fileq.operations.color import parse_color
from fileq.units import Size

if TYPE_CHECKING:
    from PIL.Image import Image


class Border(Operation, frozen=True, kw_only=True):
    """Draws a border around a picture, which grows by it on all four sides.

    width: of the border, in pixels
    color: a CSS name, "#rrggbb" or "transparent" ("black")

    { op = "border", width = 20, color = "#222222" }
    """

    width: int
    color: str = "black"

    def __post_init__(self) -> None:
        if not 1 <= self.width <= 10_000:
            raise ValueError("width is the border's, in pixels, from 1 to 10000")
        parse_color(self.color)

    def size(self, size: Size) -> Size:
        return Size(size.width + 2 * self.width, size.height + 2 * self.width)

    def apply(self, image: Image) -> Image:
        size = self.size(Size(*image.size))
        return place_on_canvas(image, size, parse_color(self.color), (self.width, self.width))

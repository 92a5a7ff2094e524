"""A canvas of one color for a picture, in a mode that can hold both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fileq.operations.color import Color
from fileq.units import Size

if TYPE_CHECKING:
    from PIL.Image import Image


def place_on_canvas(image: Image, size: Size, color: Color, at: tuple[int, int]) -> Image:
    """Return a canvas of `size` pixels in `color` with `image` at `at`, left and top in pixels.

    Transparent parts of the image stay transparent.
    """
    from PIL.Image import new

    picture = convert_to_hold(image, color)
    canvas = new(picture.mode, size, pixel_value(color, picture.mode))
    canvas.info = dict(image.info)
    canvas.paste(picture, at)
    return canvas


def convert_to_hold(image: Image, color: Color) -> Image:
    """Return the picture in the smallest mode that holds `color` as well, and all that it holds now."""
    gray = image.mode in ("L", "LA") and color.is_gray
    alpha = image.mode in ("LA", "RGBA") or not color.is_opaque
    mode = ("L" if gray else "RGB") + ("A" if alpha else "")
    return image if mode == image.mode else image.convert(mode)


def pixel_value(color: Color, mode: str) -> tuple[int, ...]:
    """Return the value of a pixel of `color` in mode L, LA, RGB or RGBA, which can hold it."""
    values = (color.red,) if mode.startswith("L") else (color.red, color.green, color.blue)
    return (*values, color.alpha) if mode.endswith("A") else values

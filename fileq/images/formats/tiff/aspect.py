"""Pixels of TIFFs that are not square (TIFF 6.0, XResolution), as those of faxes: 204 x 98 to the inch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fileq.units import Size

if TYPE_CHECKING:
    from PIL.Image import Image

_ACROSS, _DOWN, _ORIENTATION = 282, 283, 274  # tags
_POINTS = 72  # to the inch
LEAST_DENSITY = 5
"""Dots per inch: what is less is no density but a 1 that stands for none, as in TIFFs without a unit."""

_ON_THE_SIDE = {5, 6, 7, 8}
_LEAST, _MOST = 1.1, 5
"""Ratios of the sides. Below, nobody sees it, and scaling costs sharpness; above, it is no picture's."""


def square_size(image: Image) -> Size:
    """Return the size in pixels that the page has with square pixels which an open TIFF is at: no side gets shorter."""
    tags: Any = image.tag_v2  # type: ignore[attr-defined]  # a TIFF's
    try:
        across, down = float(tags[_ACROSS]), float(tags[_DOWN])
        ratio = across / down if tags.get(_ORIENTATION) not in _ON_THE_SIDE else down / across
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return Size(*image.size)
    if _LEAST <= ratio <= _MOST:
        return Size(image.width, round(image.height * ratio))
    if _LEAST <= 1 / (ratio or 1) <= _MOST:
        return Size(round(image.width / ratio), image.height)
    return Size(*image.size)


def assumed_density(image: Image) -> tuple[float, float] | None:
    """Return dots per inch, across and down as stored, for an open TIFF that tells the ratio of its pixels alone.

    None where that is 1. Numbers that could be of dots per inch are taken for that; others for parts of a point.
    """
    if square_size(image) == image.size:
        return None
    tags: Any = image.tag_v2  # type: ignore[attr-defined]  # a TIFF's
    across, down = float(tags[_ACROSS]), float(tags[_DOWN])
    scale = 1 if min(across, down) >= LEAST_DENSITY else _POINTS / max(across, down)
    return across * scale, down * scale

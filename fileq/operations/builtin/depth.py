"""16-bit gray in 8 bit: for what Pillow can't do on mode I;16."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image


def in_8_bits(image: Image) -> Image:
    """A picture of mode I;16 as L, scaled: Pillow's own conversion clips. Any other as it is."""
    if image.mode != "I;16":
        return image
    return image.point(lambda value: value * (1 / 257) + 0.5).convert("L")

"""Shades of gray."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from fileq.operations.base import Operation

if TYPE_CHECKING:
    from PIL.Image import Image


class Grayscale(Operation, frozen=True, kw_only=True):
    """Takes the colours away: shades of gray by ITU-R 601 luma, 0.299 R + 0.587 G + 0.114 B.

    { op = "grayscale" }
    """

    keeps_16_bit: ClassVar[bool] = True

    def apply(self, image: Image) -> Image:
        if image.mode in ("RGB", "RGBA"):
            return image.convert("L" if image.mode == "RGB" else "LA")
        return image

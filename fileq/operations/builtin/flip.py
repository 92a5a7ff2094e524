"""Mirroring."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from fileq.operations.base import Operation

if TYPE_CHECKING:
    from PIL.Image import Image


class Flip(Operation, frozen=True, kw_only=True):
    """Mirrors a picture.

    direction: "horizontal" lets left and right change places, "vertical" top and bottom ("horizontal")

    { op = "flip", direction = "vertical" }
    """

    keeps_16_bit: ClassVar[bool] = True
    takes_any_channels: ClassVar[bool] = True

    direction: Literal["horizontal", "vertical"] = "horizontal"

    def apply(self, image: Image) -> Image:
        from PIL.Image import Transpose

        horizontal = self.direction == "horizontal"
        return image.transpose(Transpose.FLIP_LEFT_RIGHT if horizontal else Transpose.FLIP_TOP_BOTTOM)

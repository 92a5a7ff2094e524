"""Sharpening by an unsharp mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fileq.operations.base import Operation

if TYPE_CHECKING:
    from PIL.Image import Image


class Sharpen(Operation, frozen=True, kw_only=True):
    """Sharpens by an unsharp mask; put it after `resize`, which softens a little.

    radius: of the blur that is subtracted, in pixels, from 0.1 to 50 (0.8)
    amount: how much, in percent from 1 to 500, or as a share with a point, from 0.01 to 5.0 (50)
    threshold: differences up to this, 0 to 255, are taken for noise and left alone (2)

    { op = "sharpen", radius = 0.8, amount = 50 }
    """

    radius: float = 0.8
    amount: int | float = 50
    threshold: int = 2

    def __post_init__(self) -> None:
        if not 0.1 <= self.radius <= 50:
            raise ValueError("radius is a number of pixels from 0.1 to 50")
        if not 1 <= self._percent <= 500:
            raise ValueError("amount is a percentage from 1 to 500, or a share from 0.01 to 5.0")
        if not 0 <= self.threshold <= 255:
            raise ValueError("threshold is a number from 0 to 255")

    @property
    def _percent(self) -> int:
        """The amount in percent: 0.5 and 1.0 are shares, 50 and 100 are percentages."""
        return round(100 * self.amount) if isinstance(self.amount, float) else self.amount

    def apply(self, image: Image) -> Image:
        from PIL.ImageFilter import UnsharpMask

        mask = UnsharpMask(self.radius, self._percent, self.threshold)
        if image.mode not in ("LA", "RGBA"):
            return image.filter(mask)
        sharp = self._without_hidden_colors(image).filter(mask)
        sharp.putalpha(image.getchannel("A"))
        return sharp

    def _without_hidden_colors(self, image: Image) -> Image:
        """Return the colors alone; clear pixels take their neighbours', for their own would show as rims."""
        from PIL.Image import composite
        from PIL.ImageFilter import GaussianBlur

        premultiplied, opaque = ("La", "L") if image.mode == "LA" else ("RGBa", "RGB")
        around = image.convert(premultiplied).filter(GaussianBlur(self.radius)).convert(image.mode).convert(opaque)
        visible = image.getchannel("A").point([0] + [255] * 255)
        return composite(image.convert(opaque), around, visible)

"""Brightness, contrast, saturation and gamma."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fileq.operations.base import Operation

if TYPE_CHECKING:
    from PIL.Image import Image

_NAMES = ("saturation", "brightness", "contrast", "gamma")


class Adjust(Operation, frozen=True, kw_only=True):
    """Changes the tones of a picture by factors, in the order of its parameters; 1 leaves them as they are.

    saturation: 0 is gray, 2 twice as colourful (1)
    brightness: every value times this, 0 is black (1)
    contrast: the distance from middle gray times this, 0 is gray (1)
    gamma: above 1 makes middle tones lighter, below 1 darker, black and white stay (1)

    { op = "adjust", brightness = 1.1, contrast = 1.05 }
    """

    saturation: float = 1.0
    brightness: float = 1.0
    contrast: float = 1.0
    gamma: float = 1.0

    def __post_init__(self) -> None:
        for name in _NAMES:
            if not 0 <= getattr(self, name) <= 10:
                raise ValueError(f"{name} is a factor from 0 to 10; 1 changes nothing")
        if self.gamma < 0.1:
            raise ValueError("gamma is a factor from 0.1 to 10; 1 changes nothing")
        if all(getattr(self, name) == 1 for name in _NAMES):
            raise ValueError("adjust needs at least one of saturation, brightness, contrast and gamma")

    def apply(self, image: Image) -> Image:
        picture = self._saturate(image)
        curve = [self._tone(value) for value in range(256)]
        if curve == list(range(256)):
            return picture
        alpha = list(range(256)) if image.mode.endswith("A") else []
        return picture.point(curve * len(image.mode.removesuffix("A")) + alpha)

    def _saturate(self, image: Image) -> Image:
        from PIL.Image import blend

        if self.saturation == 1 or image.mode in ("L", "LA"):
            return image
        gray = image.convert("LA" if image.mode == "RGBA" else "L").convert(image.mode)
        return blend(gray, image, self.saturation)

    def _tone(self, value: int) -> int:
        """Return a tone, linear as in the CSS filters brightness() and contrast(), then the power 1/gamma."""
        tone = (value / 255 * self.brightness - 0.5) * self.contrast + 0.5
        return round(255 * math.pow(min(1.0, max(0.0, tone)), 1 / self.gamma))

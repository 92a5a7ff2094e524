"""A gain map: a small picture that says where its main one is to be brighter on screens that can."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from fileq.images.color import modes
from fileq.images.gain_maps import apple
from fileq.units import Size

if TYPE_CHECKING:
    from fileq.images.gain_maps.parameters import GainMapParameters


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedGainMap:
    """The pixels of a gain map in mode L or RGB, what they mean, and the profile of the brighter rendition, if any."""

    image: Image.Image
    parameters: GainMapParameters
    icc: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GainMap:
    """The file of a gain map, in a format of Pillow's, and what its numbers mean. It lies as its main picture does.

    With a `headroom`, the values in the file are Apple's; `decode` makes of them what the numbers say.
    """

    content: bytes
    format: str
    parameters: GainMapParameters
    headroom: float | None = None

    @property
    def size(self) -> Size:
        """Its size in pixels. Raises what Pillow raises."""
        with Image.open(io.BytesIO(self.content), formats=[self.format]) as image:
            return Size(*image.size)

    def decode(self) -> RenderedGainMap:
        """Return its pixels. Raises what Pillow raises."""
        with Image.open(io.BytesIO(self.content), formats=[self.format]) as image:
            image.load()
            icc = None if self.parameters.uses_base_colors else image.info.get("icc_profile")
            pixels = modes.normalize_mode(image).convert("L" if image.mode in {"1", "L", "LA"} else "RGB")
        if self.headroom is not None:
            pixels = apple.convert_values(pixels, self.headroom)
        if pixels.mode == "L" and self.parameters.channels > 1:
            pixels = pixels.convert("RGB")
        return RenderedGainMap(image=pixels, parameters=self.parameters, icc=icc)

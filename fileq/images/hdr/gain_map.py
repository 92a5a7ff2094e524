"""A gain map: a small picture that says where its main one is to be brighter on screens that can."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from fileq.images.color import modes
from fileq.images.errors import DAMAGE
from fileq.units import Size

if TYPE_CHECKING:
    from fileq.images.hdr.parameters import GainMapParameters


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedGainMap:
    """The pixels of a gain map in mode L or RGB, what they mean, and the profile of the brighter rendition, if any."""

    image: Image.Image
    parameters: GainMapParameters
    icc: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GainMap:
    """The file of a gain map, in a format of Pillow's, and what its numbers mean. It lies as its main picture does."""

    content: bytes
    format: str
    parameters: GainMapParameters

    @property
    def size(self) -> Size:
        """Its size in pixels. Raises what Pillow raises."""
        with Image.open(io.BytesIO(self.content), formats=[self.format]) as image:
            return Size(*image.size)

    def fits(self, size: Size) -> bool:
        """Return whether it can be read, and is no larger than its picture of `size` in pixels."""
        try:
            own = self.size
        except (OSError, Image.DecompressionBombError, *DAMAGE):
            return False
        return min(own) > 0 and max(own) <= max(size)

    def decode(self) -> RenderedGainMap:
        """Return its pixels. Raises what Pillow raises."""
        with Image.open(io.BytesIO(self.content), formats=[self.format]) as image:
            image.load()
            icc = None if self.parameters.uses_base_colors else image.info.get("icc_profile")
            pixels = modes.normalize_mode(image).convert("L" if image.mode in {"1", "L", "LA"} else "RGB")
        if pixels.mode == "L" and self.parameters.channels > 1:
            pixels = pixels.convert("RGB")
        return RenderedGainMap(image=pixels, parameters=self.parameters, icc=icc)

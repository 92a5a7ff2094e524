"""What the header of a source says, before any pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fileq.images.color import modes
from fileq.units import Size

if TYPE_CHECKING:
    from PIL.Image import Image

ANIMATED_FORMATS = frozenset({"GIF", "WEBP", "PNG", "AVIF", "JXL animation"})
_PAGED_FORMATS = frozenset({"TIFF", "PDF"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHeader:
    """Pillow's format and mode of a source, its size in pixels as stored, and how many frames or pages it has.

    `is_progressive` is of JPEG; `may_be_transparent` is False where no pixel can be; `gain_map` is the size of one.
    """

    format: str
    mode: str
    size: Size
    frames: int = 1
    is_progressive: bool = False
    may_be_transparent: bool = False
    gain_map: Size | None = None
    is_deep: bool = False
    """Whether it has colors of 16 bits that can be kept."""

    @property
    def is_animation(self) -> bool:
        """Whether the frames play."""
        return self.format in ANIMATED_FORMATS and self.frames > 1


def header_of(image: Image) -> SourceHeader:
    """Return the header of an image that Pillow has opened. Raises what Pillow raises."""
    gain_map = image.info.get("gain_map")
    has_sequence = image.format in ANIMATED_FORMATS | _PAGED_FORMATS
    return SourceHeader(
        format=str(image.format),
        mode=image.mode,
        size=Size(*image.size),
        frames=getattr(image, "n_frames", 1) if has_sequence else 1,
        is_progressive=bool(image.info.get("progressive")),
        may_be_transparent=modes.may_be_transparent(image),
        is_deep=image.info.get("deep") is not None,
        gain_map=gain_map.size if gain_map is not None else None,
    )

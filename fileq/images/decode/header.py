"""What the header of a source says, before any pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fileq.images.color import modes
from fileq.images.decode.orientation import read_orientation
from fileq.units import Size

if TYPE_CHECKING:
    from PIL.Image import Image

ANIMATED_FORMATS = frozenset({"GIF", "WEBP", "PNG", "AVIF", "JXL animation"})
_JPEG_FORMATS = frozenset({"JPEG", "MPO"})
_PAGED_FORMATS = frozenset({"TIFF", "PDF"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHeader:
    """Pillow's format and mode of a source, its size in pixels as stored, and how many frames or pages it has.

    `is_progressive` and `jpeg_samples` are of JPEG; `may_be_transparent` is False where no pixel can be; `gain_map` is
    the size of one.
    """

    format: str
    mode: str
    size: Size
    frames: int = 1
    is_progressive: bool = False
    jpeg_samples: float = 3
    """Of all components, a pixel: 1 in gray, 3 where colour has the resolution of light, 1.5 in 4:2:0."""
    is_turned: bool = True
    """Whether the picture is to be turned, or that can't be told."""
    may_be_transparent: bool = False
    gain_map: Size | None = None
    is_deep: bool = False
    """Whether it has colors of 16 bits that can be kept."""
    file_bytes: int = 0
    """The length of a file that is in memory as a whole while it is decoded, beside what its decoder takes."""
    has_own_colors: bool = True
    """Whether its pixels may be converted: by a profile or the like, or from inks."""

    @property
    def is_animation(self) -> bool:
        """Whether the frames play."""
        return self.format in ANIMATED_FORMATS and self.frames > 1


def header_of(image: Image, file_bytes: int = 0) -> SourceHeader:
    """Return the header of an image that Pillow has opened from a file of this length. Raises what Pillow raises."""
    is_jpeg = image.format in _JPEG_FORMATS
    gain_map = image.info.get("gain_map")
    has_sequence = image.format in ANIMATED_FORMATS | _PAGED_FORMATS
    return SourceHeader(
        format=str(image.format),
        mode=image.mode,
        size=Size(*image.size),
        frames=getattr(image, "n_frames", 1) if has_sequence else 1,
        is_progressive=bool(image.info.get("progressive")),
        jpeg_samples=_count_jpeg_samples(image),
        is_turned=not is_jpeg or read_orientation(image, image.getexif()) != 1,
        may_be_transparent=modes.may_be_transparent(image),
        is_deep=image.info.get("deep") is not None,
        gain_map=gain_map.size if gain_map is not None else None,
        file_bytes=file_bytes if is_jpeg else 0,
        has_own_colors=not is_jpeg or image.mode == "CMYK" or bool(image.info.get("icc_profile")),
    )


def _count_jpeg_samples(image: Image) -> float:
    """Return how many samples a pixel has by the sampling factors of a JPEG's frame (T.81, A.1.1); 3 of others."""
    factors: list[tuple[int, int]] = [(across, down) for _, across, down, _ in getattr(image, "layer", ())]
    if not factors or not all(across and down for across, down in factors):
        return 3
    most = max(across for across, _ in factors) * max(down for _, down in factors)
    return sum(across * down for across, down in factors) / most

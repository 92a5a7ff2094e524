"""What `lossless` asks of an output: that nothing of the picture is lost, or that it is not made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import ImageChops

from fileq.errors import ErrorKind, JobError
from fileq.images.color import modes, palette, srgb

if TYPE_CHECKING:
    from PIL.Image import Image

    from fileq.images.decode.source import DecodedSource

FORMATS_WITH_16_BITS = frozenset({"png", "tiff"})
FORMATS_WITHOUT_PROFILE = {"gif", "pdf", "jxl"}
"""Where Pillow has no way to embed a profile, so that colors must be sRGB's."""

_CLEAR_OR_OPAQUE = {0, 255}
_CHANNELS = {"CMYK": "inks (CMYK)", "LAB": "Lab colours"}


def refuse_loss(source: DecodedSource, image: Image, format_: str) -> None:
    """Raise JobError (unsupported) where a format has no room for all that an image has, or its source had."""
    name = format_.upper()
    if source.image.mode in _CHANNELS and image.mode != source.image.mode:
        raise _loss(f"{name} can't keep its {_CHANNELS[source.image.mode]} as they are", "Choose TIFF")
    if source.has_16_bits and not (modes.is_16_bit(image) and format_ in FORMATS_WITH_16_BITS):
        raise _loss(f"{name} has 8 bits a channel here, and the picture has 16", "Choose PNG or TIFF")
    icc = source.profile_for(image)
    if icc is not None and format_ in FORMATS_WITHOUT_PROFILE and not _are_equal(srgb.to_srgb(image, icc), image):
        raise _loss(f"{name} can't have its colour profile here", "Choose PNG, WebP or TIFF")


def index_losslessly(frame: Image) -> Image:
    """Return a frame as GIF has it, with at most 256 colours, each all clear or opaque.

    Raises JobError (unsupported) where it has more.
    """
    if frame.mode in {"1", "L", "P"}:
        return frame
    plain = frame
    if modes.has_alpha(frame):
        alpha = frame.getchannel("A")
        if not {level for level, count in enumerate(alpha.histogram()) if count} <= _CLEAR_OR_OPAQUE:
            raise _loss("GIF has no half transparent pixels", "Choose PNG, WebP or TIFF")
        hidden = ImageChops.invert(alpha)
        plain, frame = frame.copy(), frame.copy()
        plain.paste((*_visible_color(frame, alpha), 0), mask=hidden)  # one more would take a place
        frame.paste((0, 0, 0, 0), mask=hidden)
    indexed = palette.reduce_colors_of_gif(plain, palette.MOST_COLORS, dither=0.0)
    # A copy: the palette of what is converted gets a fourth channel, which Pillow's writer of GIF takes for colours.
    if not _are_equal(indexed.copy().convert("RGBA"), frame.convert("RGBA")):
        raise _loss("GIF has 256 colours, and the picture has more", "Choose PNG, WebP or TIFF")
    return indexed


def _visible_color(frame: Image, alpha: Image) -> tuple[int, ...]:
    """Return the colour of a pixel that is seen, black where none is."""
    box = alpha.getbbox()
    if box is None:
        return 0, 0, 0
    row = alpha.crop((0, box[1], alpha.width, box[1] + 1)).getbbox()
    pixel = frame.getpixel((row[0] if row else 0, box[1]))
    return pixel[:3] if isinstance(pixel, tuple) else (0, 0, 0)


def _are_equal(one: Image, other: Image) -> bool:
    return one.mode == other.mode and ImageChops.difference(one, other).getbbox(alpha_only=False) is None


def _loss(what: str, remedy: str) -> JobError:
    return JobError(ErrorKind.UNSUPPORTED, f"{what}.", f"{remedy}, or take lossless out.")

"""The mark of a watermark: a text or a picture in RGBA, made to fit."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

from fileq.errors import ErrorKind, JobError, translate_os_errors
from fileq.operations.builtin.canvas import pixel_value
from fileq.operations.builtin.resize import fit_size
from fileq.operations.color import Color
from fileq.units import Dimensions, Size

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont
    from PIL.ImageText import Text

_FORMATS = ("PNG", "WEBP", "AVIF", "GIF", "JPEG", "TIFF", "BMP")
_MEASURED_AT = 100  # pixels: the font size that a text is measured at
_WHITE, _BLACK = Color(255, 255, 255), Color(0, 0, 0)


@functools.lru_cache(maxsize=8)
def draw_text_mark(text: str, font: str | None, color: Color, within: Size) -> Image:
    """Return the text in RGBA, as large as fits `within` in pixels. Raises JobError where the font can't be opened.

    It has a thin outline in black or white that shows on every ground.
    """
    from PIL.Image import composite, new

    measured = _box(_typeset(text, font, _MEASURED_AT))
    ratio = min(within.width / (measured[2] - measured[0]), within.height / (measured[3] - measured[1]))
    size = max(1, int(_MEASURED_AT * ratio))
    # By masks: text drawn on a clear ground would get dark edges.
    letters, all_of_it = _mask(_typeset(text, font, size, outline=0)), _mask(_typeset(text, font, size))
    outline = _BLACK if color.luma > 127 else _WHITE
    mark = composite(
        new("RGB", letters.size, pixel_value(color, "RGB")),
        new("RGB", letters.size, pixel_value(outline, "RGB")),
        letters,
    )
    mark.putalpha(all_of_it)
    return _shrink(mark, within)


def font_problem(font: str) -> str | None:
    """Return in words why a text can't be set in `font`, a file or a name of the system's; None where it can."""
    from PIL import ImageFont

    try:
        ImageFont.truetype(os.path.expanduser(font), 12)
    except OSError as error:
        return f"the font {font} can't be opened: {error}"
    return None


@functools.lru_cache(maxsize=8)
def _load_font(font: str | None, size: int) -> FreeTypeFont:
    """Return a font of `size` pixels, from a file or by its name in the system; without one, Pillow's own."""
    from PIL import ImageFont

    try:
        face = ImageFont.truetype(os.path.expanduser(font), size) if font else ImageFont.load_default(size)
    except OSError as error:
        message = f"The font {font} can't be opened: {error}."
        raise JobError(ErrorKind.UNSUPPORTED, message, "Write the path of a .ttf or .otf file.") from error
    assert isinstance(face, ImageFont.FreeTypeFont)
    return face


def _typeset(text: str, font: str | None, size: int, outline: int = 255) -> Text[str]:
    """Return the text in type, to be drawn in a mask; an outline in 0 isn't seen, but takes its place."""
    from PIL.ImageText import Text

    block = Text(text, _load_font(font, size))
    block.stroke(max(1, round(size / 40)), outline)  # in whole pixels, else it lies beside the letters
    return block


def _box(block: Text[str]) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of what is drawn: at least one pixel, for spaces draw nothing."""
    left, top, right, bottom = block.get_bbox()
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _mask(block: Text[str]) -> Image:
    from PIL.Image import new
    from PIL.ImageDraw import Draw

    left, top, right, bottom = _box(block)
    mask = new("L", (round(right - left), round(bottom - top)))
    Draw(mask).text((-left, -top), block, fill=255)
    return mask


def _shrink(mark: Image, within: Size) -> Image:
    """Return the mark in what it may have at most: whole font sizes and hairlines don't fit exactly."""
    from PIL.Image import Resampling

    if mark.width <= within.width and mark.height <= within.height:
        return mark
    return mark.resize(fit_size(Size(*mark.size), Dimensions(*within)), Resampling.LANCZOS)


def load_picture_mark(path: str, within: Size) -> Image:
    """Return the picture at `path` in RGBA, as large as fits `within` in pixels. Raises JobError."""
    with translate_os_errors(path):
        changed = os.stat(path).st_mtime_ns
    return _scale_picture(path, changed, within)


@functools.lru_cache(maxsize=8)
def _scale_picture(path: str, changed: int, within: Size) -> Image:
    from PIL.Image import Resampling

    del changed  # only tells one version of the file from the next
    picture = _open_picture(path)
    return picture.resize(fit_size(Size(*picture.size), Dimensions(*within)), Resampling.LANCZOS)


def _open_picture(path: str) -> Image:
    from PIL import Image, ImageOps

    try:
        with Image.open(path, formats=_FORMATS) as image:
            return ImageOps.exif_transpose(image).convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        message = f"The watermark's picture {path} can't be read: {error}."
        hint = "Give it another picture, a PNG with transparency for example."
        raise JobError(ErrorKind.UNSUPPORTED, message, hint) from error

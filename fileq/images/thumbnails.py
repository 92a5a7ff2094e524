"""Small pictures of files, to be looked at on a page: upright, in sRGB, with their transparency."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image

from fileq.errors import JobError
from fileq.images.decode.opener import open_image
from fileq.images.decode.source import DecodedSource
from fileq.images.decode.source_file import open_source
from fileq.images.errors import translate_decode_errors, unreadable
from fileq.images.geometry import Scaling
from fileq.operations.base import to_8_bit
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Recipe
from fileq.units import Dimensions, Size

THUMBNAIL_FORMAT = "webp"
_QUALITY = 80


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture as a WebP file, its size in pixels, and the upright size of the picture that it shows."""

    content: bytes
    size: Size
    full: Size


def make_thumbnail(path: str, side: int, max_pixels: int, *, size: int = -1, mtime_ns: int = -1) -> Thumbnail:
    """Return the first picture in the file at `path`, fitted into a square of `side` pixels, never enlarged.

    The file must be of `size` bytes and `mtime_ns` (-1 for any). Raises JobError, whatever the file holds.
    """
    try:
        with open_source(path, size, mtime_ns) as file, translate_decode_errors(path), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, on odd metadata
            recipe = Recipe(name=THUMBNAIL_FORMAT, hdr="tonemap")
            source = DecodedSource(open_image(file, path, max_pixels), path, recipe)
            source.refuse_unread_frames()
            return _make_thumbnail(source, side)
    except (JobError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # what a panic in a decoder written in Rust becomes is no Exception
        raise unreadable(path, f"is damaged ({error})") from error


def _make_thumbnail(source: DecodedSource, side: int) -> Thumbnail:
    frame = source.sequence[0]
    full = source.size(frame)
    small = to_8_bit(source.read(Scaling.of_resize(Resize(fit=Dimensions(side, side)), full), frame))
    return Thumbnail(_encode(small), Size(*small.size), full)


def _encode(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.convert("RGBA" if image.mode in {"LA", "RGBA"} else "RGB").save(content, THUMBNAIL_FORMAT, quality=_QUALITY)
    return content.getvalue()

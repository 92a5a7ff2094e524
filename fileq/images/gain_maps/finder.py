"""The gain map of an opened image, in whichever way its file has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from fileq.images.errors import DAMAGE
from fileq.images.formats import optional_codecs
from fileq.images.gain_maps import item_reader
from fileq.images.gain_maps.jpeg import reader
from fileq.units import Size

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.ImageFile import ImageFile

    from fileq.images.gain_maps.gain_map import GainMap


def add_gain_map(image: ImageFile, start: bytes, read: Callable[[], bytes]) -> None:
    """Add to an image's `info` its gain map, and whether there is one, be it of a known kind or not.

    `start` is what its file begins with, `read` gives all of it: few files have to be read for that. Raises OSError.
    """
    gain_map, is_there = None, False
    if isinstance(image, JpegImageFile) and reader.may_have_gain_map(image.applist):
        gain_map = reader.find_gain_map(read(), _read_exif(image))
        is_there = reader.names_gain_map(image.applist)
    elif image.format in {"AVIF", "HEIF"} and item_reader.names_gain_map(start):
        gain_map, is_there = item_reader.find_gain_map(read(), image.format, _read_exif(image)), True
    elif image.format == "JXL" and "mp" in image.info:  # made from a JPEG with several pictures
        _, _, jpeg, _, _ = optional_codecs.jpeg_xl_coders().Decoder(num_threads=0)(read())
        gain_map = reader.find_gain_map(bytes(jpeg), _read_exif(image))
    is_there = is_there or gain_map is not None
    plays = image.format == "AVIF" and getattr(image, "is_animated", False)  # of what plays, no frame has a map
    if gain_map is not None and (plays or not _fits(gain_map, Size(*image.size))):
        gain_map = None
    image.info["gain_map"], image.info["has_gain_map"] = gain_map, is_there


def _fits(gain_map: GainMap, size: Size) -> bool:
    """Return whether a map can be read, and is no larger than its picture of `size` in pixels."""
    try:
        own = gain_map.size
    except (OSError, Image.DecompressionBombError, *DAMAGE):
        return False
    return min(own) > 0 and max(own) <= max(size)


def _read_exif(image: ImageFile) -> Image.Exif:
    exif = Image.Exif()
    content = image.info.get("exif")
    if isinstance(content, bytes):
        try:
            exif.load(content)
        except (OSError, *DAMAGE):  # as the source says, too
            return Image.Exif()
    return exif

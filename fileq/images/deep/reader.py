"""PNG and TIFF with 16 bits a channel: Pillow keeps one byte of each sample, and is asked twice, for either.

Gray with alpha in PNG has as many bytes a pixel as RGBA of 8 bits, and is read as that; planes of TIFF, of which Pillow
gives the upper bytes alone, are read by a library that may not be installed.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from fileq.images.deep.image import join_bytes, join_gray, join_planes
from fileq.images.formats import optional_codecs
from fileq.images.formats.tiff import libtiff

if TYPE_CHECKING:
    from typing import BinaryIO

    from PIL import Image
    from PIL.ImageFile import ImageFile

_NATIVE, _OTHER = ("L", "B") if sys.byteorder == "little" else ("B", "L")
_GRAY_WITH_ALPHA = "LA;16B"
_LOWER_BYTES = {_GRAY_WITH_ALPHA: "RGBA"} | {
    f"{mode};16{order}": f"{mode};16{other}"
    for mode in ("RGB", "RGBA")
    for order, other in (("B", "L"), ("L", "B"), ("N", _OTHER))
}
"""Pillow's raw modes for the upper bytes of samples, and those which give the lower bytes of the same, or both."""

_PLANES, _SEPARATE = 284, 2  # a tag of TIFF, and what it says of planes


class DeepReader:
    """Reads pages of an open file with 16 bits a channel. The file stays where it is."""

    def __init__(self, file: BinaryIO, kind: type[ImageFile]) -> None:
        self._file = file
        self._kind = kind

    def read(self, page: int) -> Image.Image | None:
        """Return a page, None where it has no 16 bits. Raises what `libtiff.load` raises."""
        place = self._file.tell()
        try:
            low = self._decode(page, lower=True)
            if low is None:
                return None
            if isinstance(low, PngImageFile) and low.info["is_gray"]:
                return join_gray(low)
            if isinstance(low, TiffImageFile) and _has_planes(low):
                library = optional_codecs.rare_tiff()
                return None if library is None else join_planes(low.size, library.read_planes(self._file, page))
            return join_bytes(low, self._decode(page) or low)
        finally:
            self._file.seek(place)

    def _decode(self, page: int, *, lower: bool = False) -> Image.Image | None:
        self._file.seek(0)
        image = self._kind(self._file)
        image.seek(page)
        if not is_deep(image):
            return None
        image.info["is_gray"] = _raw_mode(image.tile[0]) == _GRAY_WITH_ALPHA
        if lower:
            image.tile = [_with_lower_bytes(tile) for tile in image.tile]
            libtiff.load(image)
        else:  # the same data again, which is whole
            image.load()
        return image


def deep_reader(image: ImageFile, file: BinaryIO) -> DeepReader | None:
    """Return what reads an image, opened from this file, with all its bits; None where Pillow keeps them."""
    if isinstance(image, PngImageFile):
        kind: type[ImageFile] = PngImageFile
    elif isinstance(image, TiffImageFile):
        kind = TiffImageFile
    else:
        return None
    is_plain = is_deep(image) and "transparency" not in image.info
    if isinstance(image, TiffImageFile) and _has_planes(image) and optional_codecs.rare_tiff() is None:
        return None
    return DeepReader(file, kind) if is_plain else None


def is_deep(image: ImageFile) -> bool:
    """Return whether an image that is not decoded yet has colors of 16 bits, as far as both bytes can be read."""
    return bool(image.tile) and all(_raw_mode(tile) in _LOWER_BYTES for tile in image.tile)


def _has_planes(image: TiffImageFile) -> bool:
    return bool(image.tag_v2.get(_PLANES) == _SEPARATE)


def _raw_mode(tile: Any) -> str:
    return tile.args if isinstance(tile.args, str) else str(tile.args[0])


def _with_lower_bytes(tile: Any) -> Any:
    mode = _LOWER_BYTES[_raw_mode(tile)]
    return tile._replace(args=mode if isinstance(tile.args, str) else (mode, *tile.args[1:]))

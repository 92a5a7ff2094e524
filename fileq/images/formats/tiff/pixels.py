"""The pixels of TIFFs (TIFF 6.0) that Pillow reads in another way than they are meant: depths, planes, byte orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, TiffImagePlugin

from fileq.images.errors import UnsupportedContentError
from fileq.images.formats.tiff import libtiff

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

_BITS, _COMPRESSION, _PHOTOMETRIC, _PLANES, _SAMPLE_FORMAT = 258, 259, 262, 284, 339  # tags
_UNCOMPRESSED, _WHITE_IS_ZERO, _SEPARATE, _UNSIGNED, _SIGNED = 1, 0, 2, 1, 2
_GRAY = {0, 1}  # photometric interpretations
_WHITE = 65535
_EXTRA_SAMPLES, _UNSPECIFIED, _ASSOCIATED = 338, 0, 1  # a tag, and kinds of such samples
_SWAPPED = {"F;32BF": "F;32F", "I;32BS": "I;32S"}
"""Raw modes that Pillow names for big-endian files, and those of what libtiff gives, which has swapped the bytes."""


SIGNED = (
    "has pixels with signed numbers, which have no known black and white",
    "Save it with 8 or 16 bits a channel, without a sign.",
)
"""What is said of such pixels, and what to do."""


def use_fitting_decoder(image: TiffImagePlugin.TiffImageFile, file: BinaryIO) -> TiffImagePlugin.TiffImageFile:
    """Return an opened TIFF, opened anew by libtiff where Pillow's own decoder takes planes for pixels side by side.

    Raises what Pillow raises.
    """
    has_deep_planes = any(map(_has_deep_planes, _pages(image)))
    image.seek(0)
    TiffImagePlugin.READ_LIBTIFF = has_deep_planes  # it is asked at each page
    if not has_deep_planes:
        return image
    file.seek(0)
    return TiffImagePlugin.TiffImageFile(file)


def has_unread_planes(image: TiffImagePlugin.TiffImageFile) -> bool:
    """Return whether a page of an opened TIFF has extra samples in planes of a kind that Pillow refuses or mixes up.

    Raises what Pillow raises.
    """
    found = any(map(_has_unread_planes, _pages(image)))
    image.seek(0)
    return found


def _has_unread_planes(tags: Any) -> bool:
    extra = tags.get(_EXTRA_SAMPLES)
    if not extra or tags.get(_PLANES) != _SEPARATE:
        return False
    if tags.get(_PHOTOMETRIC) in _GRAY:
        return True
    is_raw = tags.get(_COMPRESSION, _UNCOMPRESSED) == _UNCOMPRESSED
    return (extra[0] == _ASSOCIATED and is_raw) or (extra[0] == _UNSPECIFIED and _bits(tags) > 8)


def _pages(image: TiffImagePlugin.TiffImageFile) -> Iterator[Any]:
    for page in range(image.n_frames):
        image.seek(page)
        yield image.tag_v2


def _has_deep_planes(tags: Any) -> bool:
    is_raw = tags.get(_COMPRESSION, _UNCOMPRESSED) == _UNCOMPRESSED
    return is_raw and tags.get(_PLANES) == _SEPARATE and _bits(tags) > 8


def load_page(image: TiffImagePlugin.TiffImageFile) -> Image.Image:
    """Decode the page that an opened TIFF is at, and return it: 12 bits as 16, black as 0, 32-bit integers as 16.

    Raises what `libtiff.load` raises; UnsupportedContentError where gray has a sign.
    """
    if _is_signed_gray(image.tag_v2):
        raise UnsupportedContentError(*SIGNED)
    image.tile = [_unswapped(tile) if tile.codec_name == "libtiff" else tile for tile in image.tile]
    libtiff.load(image)
    return _invert(_widen(image), image.tag_v2)


def _is_signed_gray(tags: Any) -> bool:
    is_signed = _SIGNED in tags.get(_SAMPLE_FORMAT, ()) and _bits(tags) > 1
    return is_signed and tags.get(_PHOTOMETRIC) in _GRAY


def _unswapped(tile: Any) -> Any:
    raw_mode, *rest = tile.args
    return tile._replace(args=(_SWAPPED.get(raw_mode, raw_mode), *rest))


def _widen(image: TiffImagePlugin.TiffImageFile) -> Image.Image:
    bits = _bits(image.tag_v2)
    if image.mode == "I;16" and bits < 16:
        factor = _WHITE / (2**bits - 1)
        return image.point(lambda value: value * factor + 0.5)
    if image.mode == "I" and _is_unsigned(image.tag_v2) and not _fits_16_bits(image):
        return _high_words(image)
    return image


def _bits(tags: Any) -> int:
    return int(max(tags.get(_BITS, (1,))))


def _is_unsigned(tags: Any) -> bool:
    return bool(max(tags.get(_SAMPLE_FORMAT, (_UNSIGNED,))) == _UNSIGNED)


def _fits_16_bits(image: Image.Image) -> bool:
    low, high = image.getextrema()
    return low >= 0 and high <= _WHITE  # type: ignore[operator]  # of one band: two numbers


def _high_words(image: Image.Image) -> Image.Image:
    """Return the upper 16 bits of unsigned 32-bit pixels, which Pillow has as signed ones."""
    parts = Image.frombytes("RGBA", image.size, image.tobytes("raw", "I;32S")).split()  # little-endian
    return Image.frombytes("I;16", image.size, Image.merge("LA", parts[2:]).tobytes())


def _invert(image: Image.Image, tags: Any) -> Image.Image:
    """Return gray that is stored with white as 0 as it looks; Pillow turns that of 8 bits and fewer itself."""
    if tags.get(_PHOTOMETRIC) != _WHITE_IS_ZERO or image.mode not in {"I;16", "F"}:
        return image
    if image.mode == "F":
        return image.point(lambda value: value * -1.0 + 1.0)
    return image.point(lambda value: value * -1.0 + float(_WHITE))

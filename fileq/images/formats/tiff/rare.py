"""TIFFs that Pillow can't read, by the library tifffile, as TIFFs that it can, with 8 bits a channel or 16.

Gray with alpha becomes RGBA with 16 bits, as Pillow reads it with 8 alone.
"""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from fileq.images.errors import UnsupportedContentError, too_large
from fileq.images.formats.tiff.pixels import SIGNED
from fileq.units import Size

if TYPE_CHECKING:
    from typing import BinaryIO

    from numpy.typing import NDArray

_REDUCED_PAGE = 1  # the bit of NewSubfileType that marks a thumbnail of another page
_MOST_CHANNELS = 32  # what satellites have; the first are the colors
_SAVE = "Save it with 8 or 16 bits a channel."
_KEPT = (270, 274, 306, 315, 33432, 34675, 700, 33723)
"""Tags that go on: description, orientation, date, artist, copyright, profile, XMP, IPTC."""

logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # where something is wrong it raises, or goes on without it

_CHANNELS = {"MINISBLACK": 1, "MINISWHITE": 1, "PALETTE": 3, "RGB": 3, "SEPARATED": 4, "CIELAB": 3}
_DEEP = {"MINISBLACK", "MINISWHITE", "RGB"}
_WRITTEN_AS = {"MINISWHITE": "MINISBLACK", "PALETTE": "RGB"}
_ASSOCIATED, _UNASSOCIATED = 1, 2  # kinds of alpha


def convert(file: BinaryIO, path: str, max_pixels: int) -> BinaryIO:
    """Return an open TIFF, in memory, with the pages of one that Pillow can't read.

    Raises JobError (too_large), UnsupportedContentError; what tifffile raises on damaged files.
    """
    file.seek(0)
    content = io.BytesIO()
    with tifffile.TiffFile(file, name=path) as tiff, tifffile.TiffWriter(content) as writer:
        count = len(tiff.pages)  # it ends where pages follow each other in a circle; going through them doesn't
        pages = [tiff.pages[number].aspage() for number in range(count)]
        for page in [page for page in pages if not page.subfiletype & _REDUCED_PAGE] or pages:
            _check(page, path, max_pixels)
            _write(writer, page)
    content.seek(0)
    return content


def read_planes(file: BinaryIO, number: int) -> list[bytes]:
    """Return the planes of a page of an open TIFF of 16 bits that is whole: the samples of each, little-endian."""
    file.seek(0)
    with tifffile.TiffFile(file, name="a file") as tiff:
        pixels = _side_by_side(tiff.pages[number].aspage())
    return [np.ascontiguousarray(pixels[..., at], dtype="<u2").tobytes() for at in range(pixels.shape[-1])]


def _check(page: Any, path: str, max_pixels: int) -> None:
    if page.imagewidth * page.imagelength > max_pixels:
        raise too_large(path, max_pixels, Size(page.imagewidth, page.imagelength))
    if page.photometric.name not in _CHANNELS or page.imagedepth > 1 or page.dtype is None or page.dtype.kind == "c":
        what = f"has pixels of a kind that can't be read ({page.photometric.name}, {page.dtype})"
        raise UnsupportedContentError(what, _SAVE)
    if page.sampleformat == tifffile.SAMPLEFORMAT.INT and page.photometric.name != "CIELAB":
        raise UnsupportedContentError(*SIGNED)
    if page.samplesperpixel > _MOST_CHANNELS:
        what = f"has {page.samplesperpixel:,} channels, and no more than {_MOST_CHANNELS} are read"
        raise UnsupportedContentError(what, "Export it as RGB or gray.")


def _write(writer: tifffile.TiffWriter, page: Any) -> None:
    kind = page.photometric.name
    pixels, count = _side_by_side(page), _color_samples(page)
    colors = pixels[..., :count]
    levels = _look_up(page, colors) if kind == "PALETTE" else _levels(page, colors)
    if has_alpha := _has_alpha(page):
        levels = np.concatenate([levels, _scale(page, pixels[..., count : count + 1])], axis=-1)
        if page.extrasamples[0] == _ASSOCIATED:
            levels = _divide_by_alpha(levels)
    is_deep = page.bitspersample > 8 and (levels.shape[-1] == 1 or (page.dtype.kind == "u" and kind in _DEEP))
    if is_deep and levels.shape[-1] == 2:
        levels = np.concatenate([levels[..., :1]] * 3 + [levels[..., 1:]], axis=-1)
    depth: type[np.unsignedinteger[Any]] = np.uint16 if is_deep else np.uint8
    content = np.round(levels * np.iinfo(depth).max).astype(depth)
    writer.write(
        content[..., 0] if content.shape[-1] == 1 else content,
        photometric="RGB" if content.shape[-1] >= 3 and kind in _DEEP else _WRITTEN_AS.get(kind, kind),
        planarconfig="contig",
        extrasamples=[_UNASSOCIATED] if has_alpha else [],
        metadata=None,
        software=False,
        resolution=page.resolution,
        resolutionunit=page.resolutionunit,
        extratags=[_tag(page, code) for code in _KEPT if code in page.tags],
        contiguous=False,
    )


def _side_by_side(page: Any) -> NDArray[Any]:
    """Return the pixels of a page in the shape (height, width, samples), also where it has them in planes."""
    if page.planarconfig == tifffile.PLANARCONFIG.CONTIG:
        return np.asarray(page.asarray().reshape(page.imagelength, page.imagewidth, -1))
    return np.asarray(np.moveaxis(page.asarray().reshape(-1, page.imagelength, page.imagewidth), 0, -1))


def _color_samples(page: Any) -> int:
    return 1 if page.photometric.name == "PALETTE" else _CHANNELS[page.photometric.name]


def _has_alpha(page: Any) -> bool:
    """Return whether the page has alpha that is to be kept: Pillow has none beside CMYK and Lab."""
    is_known = bool(page.extrasamples) and page.extrasamples[0] in {_ASSOCIATED, _UNASSOCIATED}
    return is_known and page.photometric.name not in {"SEPARATED", "CIELAB"}


def _levels(page: Any, pixels: NDArray[Any]) -> NDArray[Any]:
    """Return pixels from 0 to 1. Raises UnsupportedContentError where floats have another range."""
    if pixels.dtype.kind == "f":
        low, high = float(pixels.min()), float(pixels.max())
        if not (low >= 0 and high <= 1):
            what = f"has pixels with values from {low:g} to {high:g}, which have no known black and white"
            raise UnsupportedContentError(what, _SAVE)
    if page.photometric.name == "CIELAB":
        return _lab_levels(page, pixels)
    levels = _scale(page, pixels)
    return 1 - levels if page.photometric.name == "MINISWHITE" else levels


def _scale(page: Any, pixels: NDArray[Any]) -> NDArray[Any]:
    levels = pixels.astype(np.float32)
    return levels if pixels.dtype.kind == "f" else levels / np.float32(2**page.bitspersample - 1)


def _lab_levels(page: Any, pixels: NDArray[Any]) -> NDArray[Any]:
    """Return CIE L*a*b* as its bytes are in 8 bits (TIFF 6.0, section 23): a and b with a sign, in two's complement."""
    if page.bitspersample < 8:
        return _scale(page, np.bitwise_and(pixels, 2**page.bitspersample - 1))
    shift = int(page.bitspersample) - 8
    return (pixels.astype(np.int64) >> shift & 0xFF).astype(np.float32) / 255


def _look_up(page: Any, pixels: NDArray[Any]) -> NDArray[Any]:
    colors = np.moveaxis(page.colormap, 0, -1)
    return np.asarray(colors[pixels[..., 0]].astype(np.float32) / 65535)


def _divide_by_alpha(levels: NDArray[Any]) -> NDArray[Any]:
    alpha = levels[..., -1:]
    colors = np.divide(levels[..., :-1], alpha, out=np.zeros_like(levels[..., :-1]), where=alpha > 0)
    return np.concatenate([np.clip(colors, 0, 1), alpha], axis=-1)


def _tag(page: Any, code: int) -> tuple[Any, ...]:
    tag = page.tags[code]
    return code, tag.dtype, tag.count, tag.value, True

"""libavif 1.4 itself as a judge of gain maps in AVIF: the library that imagecodecs brings, called by ctypes.

The layout of its structures is that of avif.h, which is stable through version 1.
"""

from __future__ import annotations

import ctypes as c
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
from PIL import Image

_COLOR_AND_ALPHA, _ALL = 0b011, 0b111


class _Data(c.Structure):
    _fields_ = (("data", c.c_void_p), ("size", c.c_size_t))


class _Ratio(c.Structure):
    _fields_ = (("n", c.c_int32), ("d", c.c_uint32))


class _Image(c.Structure):
    pass


class _GainMap(c.Structure):
    _fields_ = (
        ("image", c.POINTER(_Image)), ("minimum", _Ratio * 3), ("maximum", _Ratio * 3), ("gamma", _Ratio * 3),
        ("base_offset", _Ratio * 3), ("alternate_offset", _Ratio * 3), ("base_headroom", _Ratio),
        ("alternate_headroom", _Ratio), ("use_base_color_space", c.c_int), ("alt_icc", _Data),
        ("alt_primaries", c.c_uint16), ("alt_transfer", c.c_uint16), ("alt_matrix", c.c_uint16),
        ("alt_range", c.c_int), ("alt_depth", c.c_uint32), ("alt_planes", c.c_uint32),
    )  # fmt: skip


_Image._fields_ = (
    ("width", c.c_uint32), ("height", c.c_uint32), ("depth", c.c_uint32), ("format", c.c_int), ("range", c.c_int),
    ("position", c.c_int), ("planes", c.POINTER(c.c_uint8) * 3), ("row_bytes", c.c_uint32 * 3), ("owns", c.c_int),
    ("alpha", c.c_void_p), ("alpha_row_bytes", c.c_uint32), ("owns_alpha", c.c_int), ("premultiplied", c.c_int),
    ("icc", _Data), ("primaries", c.c_uint16), ("transfer", c.c_uint16), ("matrix", c.c_uint16),
    ("clli", c.c_uint16 * 2), ("transforms", c.c_uint32), ("pasp", c.c_uint32 * 2), ("clap", c.c_uint32 * 8),
    ("irot", c.c_uint8), ("imir", c.c_uint8), ("exif", _Data), ("xmp", _Data), ("properties", c.c_void_p),
    ("property_count", c.c_size_t), ("gain_map", c.POINTER(_GainMap)),
)  # fmt: skip


class _Decoder(c.Structure):
    _fields_ = (
        ("codec", c.c_int), ("threads", c.c_int), ("requested", c.c_int), ("progressive", c.c_int),
        ("incremental", c.c_int), ("ignore_exif", c.c_int), ("ignore_xmp", c.c_int), ("limits", c.c_uint32 * 3),
        ("strict", c.c_uint32), ("image", c.POINTER(_Image)), ("index", c.c_int), ("count", c.c_int),
        ("progressive_state", c.c_int), ("timing", c.c_uint64 * 5), ("timescale", c.c_uint64),
        ("duration", c.c_double), ("duration_units", c.c_uint64), ("repetitions", c.c_int), ("has_alpha", c.c_int),
        ("stats", c.c_size_t * 2), ("error", c.c_char * 256), ("io", c.c_void_p), ("inner", c.c_void_p),
        ("has_track", c.c_int), ("content", c.c_uint32),
    )  # fmt: skip


@dataclass(frozen=True)
class AvifGainMap:
    """A gain map as libavif reads it: its first plane, and its numbers of the first channel in lowest terms."""

    image: Image.Image
    maximum: tuple[float, ...]
    alternate_headroom: float
    transfer: int
    base_transfer: int
    channels: int


def _library() -> c.CDLL:
    folder = Path(imagecodecs.__file__).parent.parent / "imagecodecs.libs"
    assert str(imagecodecs.avif_version()).startswith("libavif 1."), "which loads what it needs, too"
    (path,) = folder.glob("libavif-*.so*")
    library = c.CDLL(str(path))
    library.avifDecoderCreate.restype = c.POINTER(_Decoder)
    library.avifResultToString.restype = c.c_char_p
    return library


def read_gain_map(path: Path) -> AvifGainMap | None:
    """The gain map in an AVIF; None where there is none. Fails where libavif, as strict as it gets, sees a mistake."""
    library, content = _library(), path.read_bytes()
    decoder = library.avifDecoderCreate()
    try:
        assert (decoder.contents.strict, decoder.contents.content) == (0b111, _COLOR_AND_ALPHA), "it is laid out so"
        decoder.contents.content = _ALL
        for step in (
            lambda: library.avifDecoderSetIOMemory(decoder, content, c.c_size_t(len(content))),
            lambda: library.avifDecoderParse(decoder),
            lambda: library.avifDecoderNextImage(decoder),
        ):
            result = step()
            assert result == 0, (library.avifResultToString(result), decoder.contents.error)
        image = decoder.contents.image.contents
        return _copy(image.gain_map.contents, image.transfer) if image.gain_map else None
    finally:
        library.avifDecoderDestroy(decoder)


def _copy(found: _GainMap, base_transfer: int) -> AvifGainMap:
    image = found.image.contents
    starts = (y * image.row_bytes[0] for y in range(image.height))
    rows = [bytes(image.planes[0][start : start + image.width]) for start in starts]
    return AvifGainMap(
        image=Image.frombytes("L", (image.width, image.height), b"".join(rows)),
        maximum=tuple(ratio.n / ratio.d for ratio in found.maximum),
        alternate_headroom=found.alternate_headroom.n / found.alternate_headroom.d,
        transfer=found.alt_transfer,
        base_transfer=base_transfer,
        channels=1 if image.format == 4 else 3,
    )

"""Files with other metadata, their pixels left as they are, bit for bit."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fileq.files.containers import (
    END_MARKS,
    jpeg_segment,
    jpeg_segments,
    png_chunk,
    riff_chunk,
    riff_chunks,
)
from fileq.files.output_mark import CHUNK, is_mark
from fileq.images.formats import webp
from fileq.images.metadata import (
    gif_rewrite,
    iptc,
    isobmff_rewrite,
    jp2_rewrite,
    jxl_rewrite,
    png_texts,
    tiff_rewrite,
)
from fileq.images.metadata.png_pixels import cut_pixel_data
from fileq.images.metadata.save_options import build_xmp_segments, exif_for, xmp_for

if TYPE_CHECKING:
    from fileq.files.containers import Chunk
    from fileq.images.metadata.selection import Metadata
    from fileq.units import Size

REWRITABLE_FORMATS = ("jpeg", "png", "webp", "gif", "tiff", "avif", "heic", "jxl", "jp2")

_JFIF, _EXIF, _ICC, _ADOBE = 0xE0, 0xE1, 0xE2, 0xEE  # markers; XMP has that of EXIF
_CODING = {*range(0xC0, 0xD0), *range(0xDA, 0xE0)} - {0xC8}  # frames, tables, scans, and how they go together
_FIXED_LENGTHS = {_JFIF: 18, _ADOBE: 16}  # with the marker; behind that, JFIF has a thumbnail
_PNG_KEPT = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT", b"bKGD", b"pHYs",
    b"acTL", b"fcTL", b"fdAT",
}  # fmt: skip
_WEBP_KEPT = {b"VP8X", b"ICCP", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L"}
_WEBP_XMP, _WEBP_EXIF = 0x04, 0x08  # bits of the flags in VP8X


def replace_metadata(content: bytes, format_: str, data: Metadata, size: Size) -> bytes:
    """Return the file `content` with `data` in place of all metadata but density and profile. `size` is in pixels.

    Raises ValueError, IndexError or OverflowError where the file is not laid out as its format says.
    """
    # A TIFF keeps those of its own tags that stay, in their places.
    exif: Any = b"" if format_ == "tiff" else exif_for(data, format_, size)
    return _REWRITERS[format_](content, exif, replace(data, xmp=xmp_for(data, format_)))


def _rewrite_jpeg(content: bytes, exif: bytes, data: Metadata) -> bytes:
    """Rewrite a JPEG by segments (ITU-T T.81, annex B). What follows its end goes: some cameras put films there."""
    new = jpeg_segment(_EXIF, exif) if exif else b""
    new += iptc.build_jpeg_segment(data.iptc)
    new += build_xmp_segments(data.xmp)
    segments = [content[start:end] for _, start, end in jpeg_segments(content)]
    kept = [content[:2], *(_cut_segment(one) for one in segments if stays_in_jpeg(one[1], one[4:]))]
    place = 2 if len(kept) > 1 and kept[1][1] == _JFIF else 1  # JFIF wants to come first
    return b"".join([*kept[:place], new, *kept[place:], END_MARKS["jpeg"]])


def stays_in_jpeg(marker: int, payload: bytes) -> bool:
    """Return whether a segment of a JPEG is about its pixels, by its marker and its payload."""
    if marker == _JFIF:
        return payload.startswith(b"JFIF\0")  # JFXX is a thumbnail
    if marker == _ICC:
        return payload.startswith(b"ICC_PROFILE\0")
    return marker == _ADOBE or marker in _CODING


def _cut_segment(segment: bytes) -> bytes:
    """Return a segment without what lies behind the part of it that is known."""
    length = _FIXED_LENGTHS.get(segment[1], len(segment))
    if len(segment) <= length:
        return segment
    if segment[1] == _JFIF:
        return jpeg_segment(_JFIF, segment[4 : length - 2] + b"\0\0")  # the size of its thumbnail
    return jpeg_segment(segment[1], segment[4:length])


def _rewrite_png(content: bytes, exif: bytes, data: Metadata) -> bytes:
    """Rewrite a PNG by chunks: the known ones that are about pixels stay."""
    new = png_chunk(b"eXIf", exif.removeprefix(b"Exif\0\0")) if exif else b""
    new += png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + data.xmp) if data.xmp else b""
    new += b"".join(png_chunk(*png_texts.build_chunk(key, value)) for key, value in data.texts)
    chunks = cut_pixel_data(content)
    if chunks[-1][0] != b"IEND":
        raise ValueError("it has no end")
    kept = [chunk for name, chunk in chunks if name in _PNG_KEPT]
    return b"".join([content[:8], *kept[:1], new, *kept[1:]])


def _rewrite_webp(content: bytes, exif: bytes, data: Metadata) -> bytes:
    """Rewrite a WebP by chunks: the known ones that are about pixels stay. VP8X, the first, says what there is."""
    chunks = riff_chunks(io.BytesIO(content))
    kept = [_without_unknown_parts(content, chunk) for chunk in chunks if _stays_in_webp(content, chunk)]
    if not kept:
        raise ValueError("it has no picture")
    if not kept[0].startswith(b"VP8X"):
        if not exif and not data.xmp:
            return riff_chunk(b"RIFF", b"WEBP" + b"".join(kept))
        kept.insert(0, webp.build_header(content))
    flags = kept[0][8] & ~(_WEBP_EXIF | _WEBP_XMP) | (_WEBP_EXIF if exif else 0) | (_WEBP_XMP if data.xmp else 0)
    kept[0] = kept[0][:8] + bytes((flags,)) + kept[0][9:]
    kept += [riff_chunk(b"EXIF", exif)] if exif else []
    kept += [riff_chunk(b"XMP ", data.xmp)] if data.xmp else []
    return riff_chunk(b"RIFF", b"WEBP" + b"".join(kept))


def _without_unknown_parts(content: bytes, chunk: Chunk) -> bytes:
    """Return a chunk; a frame of an animation without unknown ones, which stand behind its 16 bytes of header."""
    if chunk.name != b"ANMF":
        return content[chunk.start : chunk.end]
    frame = content[chunk.payload : chunk.payload + chunk.length]
    inner = bytes(12) + frame[16:]  # as if it were a file: the chunks of one begin behind 12 bytes
    kept = [inner[part.start : part.end] for part in riff_chunks(io.BytesIO(inner)) if part.name in _WEBP_KEPT]
    return riff_chunk(b"ANMF", frame[:16] + b"".join(kept))


def _stays_in_webp(content: bytes, chunk: Chunk) -> bool:
    own = content[chunk.payload : chunk.payload + chunk.length]
    return chunk.name in _WEBP_KEPT or (chunk.name == CHUNK and is_mark(own))


_REWRITERS = {
    "jpeg": _rewrite_jpeg,
    "png": _rewrite_png,
    "webp": _rewrite_webp,
    "gif": gif_rewrite.rewrite,
    "tiff": tiff_rewrite.rewrite,
    "avif": isobmff_rewrite.rewrite,
    "heic": isobmff_rewrite.rewrite,
    "jxl": jxl_rewrite.rewrite,
    "jp2": jp2_rewrite.rewrite,
}

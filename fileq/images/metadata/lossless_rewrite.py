"""A JPEG, PNG or WebP file with its pixels as they are, bit for bit, and other metadata."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any

from fileq.images.metadata import iptc
from fileq.images.metadata.selection import Metadata, save_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from fileq.units import Size

FORMATS = ("jpeg", "png", "webp")

_EOI, _SOS = 0xD9, 0xDA
_JFIF, _ICC, _ADOBE, _COMMENT = 0xE0, 0xE2, 0xEE, 0xFE
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # a marker that is neither a stuffed byte nor a restart
_PNG_KEPT = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT", b"bKGD", b"pHYs",
    b"acTL", b"fcTL", b"fdAT",
}  # fmt: skip
_WEBP_XMP, _WEBP_EXIF = 0x04, 0x08  # bits of the flags in VP8X


def replaced(content: bytes, format_: str, data: Metadata, size: Size) -> bytes:
    """The file `content` with `data` in place of all metadata but density and profile. `size` is in pixels.

    Raises ValueError or IndexError where the file is not laid out as its format says.
    """
    rewrite: Callable[[bytes, bytes, Metadata], bytes] = {"jpeg": _jpeg, "png": _png, "webp": _webp}[format_]
    exif: Any = save_options(data, format_, size).get("exif", b"")
    return rewrite(content, bytes(exif), data)


def _jpeg(content: bytes, exif: bytes, data: Metadata) -> bytes:
    """By segments (ITU-T T.81, annex B). What follows the end marker goes: some cameras put films there."""
    new = _segment(0xE1, exif) + iptc.as_jpeg_segment(data.iptc)
    new += _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + data.xmp) if data.xmp else b""
    kept, at = [b"\xff\xd8"], 2
    while content[at + 1] != _EOI:
        marker, end = content[at + 1], at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if content[at] != 0xFF or end < at + 4:
            raise ValueError("a segment has no marker, or no length")
        if marker == _SOS:
            scan = _END_OF_SCAN.search(content, end)
            if scan is None:
                raise ValueError("the last scan has no end")
            end = scan.start()
        if _stays_in_jpeg(marker, content[at + 4 : at + 18]):
            kept.append(content[at:end])
        at = end
    place = 2 if len(kept) > 1 and kept[1][1] == _JFIF else 1  # JFIF wants to come first
    return b"".join([*kept[:place], new, *kept[place:], b"\xff\xd9"])


def _stays_in_jpeg(marker: int, start: bytes) -> bool:
    if marker == _JFIF:
        return start.startswith(b"JFIF\0")  # JFXX is a thumbnail
    if marker == _ICC:
        return start.startswith(b"ICC_PROFILE\0")
    return marker == _ADOBE or not (0xE0 <= marker <= 0xEF or marker == _COMMENT)


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload if payload else b""


def _png(content: bytes, exif: bytes, data: Metadata) -> bytes:
    """By chunks: the known ones that are about pixels stay."""
    new = _chunk(b"eXIf", exif.removeprefix(b"Exif\0\0")) if exif else b""
    new += _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + data.xmp) if data.xmp else b""
    kept, at = [content[:8]], 8
    while at < len(content) and kept[-1][4:8] != b"IEND":
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        if content[at + 4 : at + 8] in _PNG_KEPT:
            kept.append(content[at:end])
        at = end
    return b"".join([*kept[:2], new, *kept[2:]])


def _chunk(name: bytes, value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + name + value + zlib.crc32(name + value).to_bytes(4, "big")


def _webp(content: bytes, exif: bytes, data: Metadata) -> bytes:
    """By chunks of RIFF; a file with metadata begins with VP8X, whose flags say what there is."""
    kept, at = [], 12
    while at + 8 <= len(content):
        end = at + 8 + int.from_bytes(content[at + 4 : at + 8], "little")
        end += end % 2
        if content[at : at + 4] not in {b"EXIF", b"XMP "}:
            kept.append(content[at:end])
        at = end
    if not kept or not kept[0].startswith(b"VP8X"):
        raise ValueError("it has no VP8X chunk")
    flags = kept[0][8] & ~(_WEBP_EXIF | _WEBP_XMP) | (_WEBP_EXIF if exif else 0) | (_WEBP_XMP if data.xmp else 0)
    kept[0] = kept[0][:8] + bytes((flags,)) + kept[0][9:]
    kept += [_riff(b"EXIF", exif)] if exif else []
    kept += [_riff(b"XMP ", data.xmp)] if data.xmp else []
    return _riff(b"RIFF", b"WEBP" + b"".join(kept))


def _riff(name: bytes, value: bytes) -> bytes:
    return name + len(value).to_bytes(4, "little") + value + b"\0" * (len(value) % 2)

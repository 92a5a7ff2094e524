"""Where a file has its XMP and IPTC: each format in its own places, and programs in some of their own."""

from __future__ import annotations

import contextlib
import hashlib
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PIL import TiffImagePlugin

from fileq.images.gain_maps.xmp import JPEG_NAME
from fileq.images.metadata import xmp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fileq.images.decode.source import DecodedSource

_RAW_PROFILE = "Raw profile type "
"""Begins the keyword of a PNG text that is no text: ImageMagick's, and exiftool's, hexadecimal digits."""

XMP_KEYWORD = "XML:com.adobe.xmp"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_GUID = 32  # bytes of the digest that says to which packet a part belongs
_PHOTOSHOP = b"Photoshop 3.0\0"
_IPTC_RESOURCE, _XMP_RESOURCE, _DIGEST_RESOURCE = 0x0404, 0x0424, 0x0425
_DIGEST = 16  # bytes of MD5; zeros where a program has none
_LINE = 72  # digits
_LONGEST = 2**26  # bytes that an extension may claim


def is_no_text(keyword: str) -> bool:
    """Return whether a PNG text of this keyword is EXIF, IPTC or XMP in disguise."""
    return keyword == XMP_KEYWORD or keyword.startswith(_RAW_PROFILE)


def read_xmp(source: DecodedSource) -> bytes:
    """Return the XMP packet of a source with what extends it, b"" where it has none."""
    info = source.image.info
    packet = info.get("xmp") or info.get(XMP_KEYWORD) or _xmp_of_format(source)
    packet = packet if isinstance(packet, bytes) else str(packet).encode()
    extension = _join_extension(getattr(source.image, "applist", ()))
    return xmp.with_extension(packet, extension) if extension else packet


def _xmp_of_format(source: DecodedSource) -> bytes:
    if source.format == "PSD":
        return _psd_resources(source).get(_XMP_RESOURCE, b"")
    info = source.image.info
    return _read_raw_profile(info, "xmp") or _read_raw_profile(info, "APP1").partition(JPEG_NAME)[2]


def read_iptc(source: DecodedSource) -> bytes:
    """Return the IPTC data sets of a source, b"" where it has none."""
    info = source.image.info
    if source.format == "TIFF":
        tags: Any = source.image
        own = _raw_tag(tags.tag_v2, TiffImagePlugin.IPTC_NAA_CHUNK)
        return _unswapped(own) or _in_resources(_raw_tag(tags.tag_v2, TiffImagePlugin.PHOTOSHOP_CHUNK))
    if source.format == "PNG":
        profile = _read_raw_profile(info, "iptc") or _read_raw_profile(info, "8bim")
        return _in_resources(profile.removeprefix(_PHOTOSHOP)) or profile
    return _resources_of(source).get(_IPTC_RESOURCE, b"")


def has_newer_iptc(source: DecodedSource, iptc: bytes) -> bool:
    """Return whether a program that knows no XMP has changed the IPTC data sets of a source.

    Who writes both leaves a digest of the data sets; where it is of others, these are newer than the XMP. Without one,
    XMP is taken (Metadata Working Group, Guidelines 2.0, 3.4).
    """
    digest = _resources_of(source).get(_DIGEST_RESOURCE, b"")
    return len(digest) == _DIGEST and any(digest) and digest != hashlib.md5(iptc, usedforsecurity=False).digest()


def _resources_of(source: DecodedSource) -> Mapping[int, bytes]:
    """Return Photoshop's resources by their numbers."""
    if source.format == "TIFF":
        tags: Any = source.image
        return dict(_resources(_raw_tag(tags.tag_v2, TiffImagePlugin.PHOTOSHOP_CHUNK)))
    blocks = _psd_resources(source) if source.format == "PSD" else source.image.info.get("photoshop")
    if not isinstance(blocks, Mapping):
        return {}
    return {number: value for number, value in blocks.items() if isinstance(value, bytes)}


def _psd_resources(source: DecodedSource) -> dict[int, bytes]:
    image: Any = source.image
    return {number: content for number, _, content in image.resources}


def _read_raw_profile(info: Mapping[Any, Any], kind: str) -> bytes:
    """Return what a PNG text holds as hexadecimal digits behind a name and a length, b"" for nothing or damage."""
    text = info.get(_RAW_PROFILE + kind)
    lines = str(text or "").split("\n", 3)
    with contextlib.suppress(ValueError):
        return bytes.fromhex(lines[3]) if len(lines) == 4 else b""
    return b""


def build_raw_profile(kind: str, content: bytes) -> tuple[str, str]:
    """Return the keyword and the text of a PNG that hold this as other programs read it."""
    digits = content.hex()
    lines = [digits[at : at + _LINE] for at in range(0, len(digits), _LINE)]
    return _RAW_PROFILE + kind, "\n".join(["", kind, f"{len(content):8}", *lines, ""])


def _raw_tag(tags: Any, tag: int) -> bytes:
    """Return the bytes of a TIFF tag: of numbers in one that is to be bytes Pillow keeps the first alone."""
    value = tags._tagdata.get(tag, b"")  # noqa: SLF001
    return value if isinstance(value, bytes) else b""


def _unswapped(iptc: bytes) -> bytes:
    """Return data sets as they were meant: some programs wrote them as numbers of 4 bytes, in the file's order."""
    if iptc[3:4] == b"\x1c" != iptc[:1]:
        return b"".join(iptc[at : at + 4][::-1] for at in range(0, len(iptc), 4))
    return iptc


def _in_resources(content: bytes) -> bytes:
    """Return the IPTC data sets in Photoshop's image resources, b"" where these have none."""
    return next((value for number, value in _resources(content) if number == _IPTC_RESOURCE), b"")


def _resources(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the value of each of Photoshop's image resources."""
    at = 0
    while content[at : at + 4] == b"8BIM" and len(content) >= at + 12:
        number, name_length = struct.unpack_from(">HB", content, at + 4)
        start = at + 6 + (name_length + 2 & ~1) + 4
        length = int.from_bytes(content[start - 4 : start], "big")
        yield number, content[start : start + length]
        at = start + length + length % 2


def _join_extension(segments: Any) -> bytes:
    """Return the rest of an XMP packet that did not fit into one segment of a JPEG (XMP part 3, 1.1.3.1)."""
    parts = [content[len(_EXTENSION) :] for _, content in segments if content.startswith(_EXTENSION)]
    guids = {part[:_GUID] for part in parts}
    if len(guids) != 1 or any(len(part) < _GUID + 8 for part in parts):
        return b""
    whole = {struct.unpack_from(">II", part, _GUID): part[_GUID + 8 :] for part in parts}
    length = max(total for total, _ in whole)
    joined = bytearray(min(length, _LONGEST))
    for (_, at), part in whole.items():
        joined[at : at + len(part)] = part
    return bytes(joined) if len(joined) == length else b""


def build_jpeg_extension(packet: bytes, guid: bytes, room: int) -> list[bytes]:
    """Return the payloads of the segments, of at most `room` bytes, that hold a packet as an extension of another."""
    step = room - len(_EXTENSION) - _GUID - 8
    return [
        _EXTENSION + guid + struct.pack(">II", len(packet), at) + packet[at : at + step]
        for at in range(0, len(packet), step)
    ]

"""Whether a file in a format that nothing here writes holds pixels alone, down to its last byte."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from fileq.files.containers import END_MARKS

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN_PNM = re.compile(rb"P[123][\s\d]*")
_PACKED_PNM = re.compile(rb"P([456])\s+(\d+)\s+(\d+)(?:\s+(\d+))?\s", re.ASCII)
_TGA_HEAD, _TGA_FOOT = 18, bytes(8) + b"TRUEVISION-XFILE.\0"  # of a file without names and dates
_TGA_PLAIN, _TGA_PACKED = {1, 2, 3}, {9, 10, 11}
_PNG, _PNG_METADATA = b"\x89PNG", (b"tEXt", b"zTXt", b"iTXt", b"eXIf")
_QOI_HEAD = 14
_QOI_LENGTHS = {0xFE: 4, 0xFF: 5}  # bytes of a pixel in full, RGB and RGBA


def holds_nothing_hidden(content: bytes, format_: str) -> bool:
    """Return whether a file in a format by Pillow's name has no metadata, and nothing between and behind its parts.

    False as well where that can't be told.
    """
    check = _CHECKS.get(format_)
    try:
        return check is not None and check(content)
    except (struct.error, IndexError):
        return False


def _check_pnm(content: bytes) -> bool:
    if _PLAIN_PNM.fullmatch(content):
        return True
    head = _PACKED_PNM.match(content)
    if head is None:
        return False
    kind, width, height = (int(one) for one in head.groups()[:3])
    if kind == 4:
        return len(content) == len(head[0].rstrip()) + 1 + (width + 7) // 8 * height
    if head[4] is None:
        return False
    samples = width * height * (3 if kind == 6 else 1)
    return len(content) == head.end() + samples * (2 if int(head[4]) > 255 else 1)


def _check_tga(content: bytes) -> bool:
    id_length, _, kind, _, colors, bits_of_color, _, _, width, height, bits = struct.unpack_from(
        "<BBBHHBHHHHB", content
    )
    if id_length:
        return False
    at, step = _TGA_HEAD + colors * ((bits_of_color + 7) // 8), (bits + 7) // 8
    left = width * height
    if kind in _TGA_PLAIN:
        at += left * step
    elif kind in _TGA_PACKED:
        while left > 0:
            count = (content[at] & 0x7F) + 1
            at += 1 + step * (1 if content[at] & 0x80 else count)
            left -= count
    else:
        return False
    return content[at:] in {b"", _TGA_FOOT}


def _check_ico(content: bytes) -> bool:
    (count,) = struct.unpack_from("<H", content, 4)
    places = [struct.unpack_from("<LL", content, 6 + 16 * number + 8) for number in range(count)]
    at: int = 6 + 16 * count
    for length, start in sorted(places, key=lambda place: place[1]):
        if start != at:
            return False
        at += length
        picture = content[start:at]
        is_bare = picture.endswith(END_MARKS["png"]) and not any(name in picture for name in _PNG_METADATA)
        if picture.startswith(_PNG) and not is_bare:
            return False
    return len(content) == at


def _check_bmp(content: bytes) -> bool:
    """Check the uncompressed ones, whose pixels end where rows of this size do."""
    start, head, width, height, _, bits, packing = struct.unpack_from("<LLllHHL", content, 10)
    masks = 12 if packing == 3 and head == 40 else 0
    used = struct.unpack_from("<L", content, 46)[0] if head >= 40 else 0
    colors = 4 * (used or (1 << bits if bits <= 8 else 0))
    end = start + (width * bits + 31) // 32 * 4 * abs(height)
    return packing in {0, 3} and start == 14 + head + masks + colors and len(content) == end


def _check_qoi(content: bytes) -> bool:
    width, height = struct.unpack_from(">LL", content, 4)
    at, left = _QOI_HEAD, width * height
    while left > 0:
        tag = content[at]
        is_run = tag >= 0xC0 and tag not in _QOI_LENGTHS
        left -= (tag & 0x3F) + 1 if is_run else 1
        at += _QOI_LENGTHS.get(tag, 2 if tag >> 6 == 2 else 1)
    return content[at:] == END_MARKS["qoi"]


_CHECKS: dict[str, Callable[[bytes], bool]] = {
    "PPM": _check_pnm, "TGA": _check_tga, "ICO": _check_ico, "BMP": _check_bmp, "QOI": _check_qoi,
}  # fmt: skip

"""A file in a format that nothing here writes, without what hides behind its pixels: to its last byte it is known."""

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


def cut_behind_pixels(content: bytes, format_: str) -> bytes | None:
    """Return a file in a format by Pillow's name up to where its pixels end.

    None where it has metadata before or between them, and where that can't be told.
    """
    find_end = _ENDS.get(format_)
    try:
        end = find_end(content) if find_end is not None else None
    except (struct.error, IndexError):
        return None
    return content[:end] if end is not None and end <= len(content) else None


def _end_of_pnm(content: bytes) -> int | None:
    if _PLAIN_PNM.fullmatch(content):
        return len(content)
    head = _PACKED_PNM.match(content)
    if head is None:
        return None
    kind, width, height = (int(one) for one in head.groups()[:3])
    if kind == 4:
        return len(head[0].rstrip()) + 1 + (width + 7) // 8 * height
    if head[4] is None:
        return None
    samples = width * height * (3 if kind == 6 else 1)
    return head.end() + samples * (2 if int(head[4]) > 255 else 1)


def _end_of_tga(content: bytes) -> int | None:
    id_length, _, kind, _, colors, bits_of_color, _, _, width, height, bits = struct.unpack_from(
        "<BBBHHBHHHHB", content
    )
    if id_length:
        return None
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
        return None
    return int(at) + (len(_TGA_FOOT) if content[at:] == _TGA_FOOT else 0)


def _end_of_ico(content: bytes) -> int | None:
    (count,) = struct.unpack_from("<H", content, 4)
    places = [struct.unpack_from("<LL", content, 6 + 16 * number + 8) for number in range(count)]
    at: int = 6 + 16 * count
    for length, start in sorted(places, key=lambda place: place[1]):
        if start != at:
            return None
        at += length
        picture = content[start:at]
        is_bare = picture.endswith(END_MARKS["png"]) and not any(name in picture for name in _PNG_METADATA)
        if picture.startswith(_PNG) and not is_bare:
            return None
    return at


def _end_of_bmp(content: bytes) -> int | None:
    """Return where rows of this size end, of the uncompressed ones; None of all others."""
    start, head, width, height, _, bits, packing = struct.unpack_from("<LLllHHL", content, 10)
    masks = 12 if packing == 3 and head == 40 else 0
    used = struct.unpack_from("<L", content, 46)[0] if head >= 40 else 0
    colors = 4 * (used or (1 << bits if bits <= 8 else 0))
    end = start + (width * bits + 31) // 32 * 4 * abs(height)
    return int(end) if packing in {0, 3} and start == 14 + head + masks + colors else None


def _end_of_qoi(content: bytes) -> int | None:
    width, height = struct.unpack_from(">LL", content, 4)
    at, left = _QOI_HEAD, width * height
    while left > 0:
        tag = content[at]
        is_run = tag >= 0xC0 and tag not in _QOI_LENGTHS
        left -= (tag & 0x3F) + 1 if is_run else 1
        at += _QOI_LENGTHS.get(tag, 2 if tag >> 6 == 2 else 1)
    end = at + len(END_MARKS["qoi"])
    return end if content[at:end] == END_MARKS["qoi"] else None


_ENDS: dict[str, Callable[[bytes], int | None]] = {
    "PPM": _end_of_pnm, "TGA": _end_of_tga, "ICO": _end_of_ico, "BMP": _end_of_bmp, "QOI": _end_of_qoi,
}  # fmt: skip

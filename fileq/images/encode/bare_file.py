"""A file in a format that nothing here writes, with its pixels alone: to its last byte it is known."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from fileq.files.containers import END_MARKS
from fileq.images.formats.netpbm import BITMAP_HEADER, LEVELS_HEADER

if TYPE_CHECKING:
    from collections.abc import Callable

_PNM_COMMENT = re.compile(rb"#[^\r\n]*")
_PLAIN_PNM = re.compile(rb"P[123][\s\d]*")
_TGA_HEAD, _TGA_FOOT = 18, bytes(8) + b"TRUEVISION-XFILE.\0"  # of a file without dates
_TGA_PLAIN, _TGA_PACKED = {1, 2, 3}, {9, 10, 11}
_PNG, _PNG_METADATA = b"\x89PNG", (b"tEXt", b"zTXt", b"iTXt", b"eXIf")
_QOI_HEAD = 14
_QOI_LENGTHS = {0xFE: 4, 0xFF: 5}  # bytes of a pixel in full, RGB and RGBA
_BMP_HEADERS = {40, 52, 56, 64, 108, 124}
_BMP_OLD = 12  # bytes of the header of OS/2 1.x
_BMP_PROFILES = {b"DEBM", b"KNIL"}  # in the file, or beside it
_BMP_RUNS = {1: 8, 2: 4}  # bits a pixel


def strip_to_pixels(content: bytes, format_: str) -> bytes | None:
    """Return a file in a format by Pillow's name without its metadata, and without what stands beside its pixels.

    None where that can't be told. It is never longer.
    """
    strip = _STRIPPERS.get(format_)
    try:
        bare = strip(content) if strip is not None else None
    except (struct.error, IndexError):
        return None
    return bare if bare is not None and len(bare) <= len(content) else None


def _strip_pnm(content: bytes) -> bytes | None:
    if content[1:2] in b"123":
        bare = _PNM_COMMENT.sub(b"", content)
        return bare if _PLAIN_PNM.fullmatch(bare) else None
    head = BITMAP_HEADER.match(content) or LEVELS_HEADER.match(content)
    if head is None:
        return None
    kind, width, height, *most = (b"4", *head.groups()) if head.re is BITMAP_HEADER else head.groups()
    sample = 2 if most and int(most[0]) > 255 else 1
    row = int(width) * sample * (3 if kind == b"6" else 1) if most else (int(width) + 7) // 8
    end = head.end() + row * int(height)
    start = b" ".join((b"P" + kind, width, height, *most)) + b"\n" if b"#" in head[0] else head[0]
    return start + content[head.end() : end] if end <= len(content) else None


def _strip_tga(content: bytes) -> bytes | None:
    id_length, _, kind, _, colors, bits_of_color, _, _, width, height, bits = struct.unpack_from(
        "<BBBHHBHHHHB", content
    )
    start = _TGA_HEAD + id_length
    at, step = start + colors * ((bits_of_color + 7) // 8), (bits + 7) // 8
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
    foot = _TGA_FOOT if content[at:] == _TGA_FOOT else b""
    return b"\0" + content[1:_TGA_HEAD] + content[start:at] + foot if at <= len(content) else None


def _strip_bmp(content: bytes) -> bytes | None:
    start, head = struct.unpack_from("<LL", content, 10)
    if head == _BMP_OLD:
        width, height, _, bits = struct.unpack_from("<4H", content, 18)
        packing, used, color = 0, 0, 3
    elif head in _BMP_HEADERS:
        width, height, _, bits, packing = struct.unpack_from("<llHHL", content, 18)
        (used,), color = struct.unpack_from("<L", content, 46), 4
    else:
        return None
    if head >= 108 and content[70:74] in _BMP_PROFILES:
        return None
    masks = {3: 12, 6: 16}.get(packing, 0) if head == 40 else 0
    table_end = 14 + head + masks + color * (used or (1 << bits if bits <= 8 else 0))
    if packing in _BMP_RUNS:
        end = _end_of_runs(content, start, abs(height), _BMP_RUNS[packing]) if bits == _BMP_RUNS[packing] else None
    else:
        end = start + (width * bits + 31) // 32 * 4 * abs(height) if packing in {0, 3, 6} else None
    if end is None or width <= 0 or end > len(content):
        return None
    if end == len(content) and table_end >= start:
        return content
    table_end = min(start, table_end)
    size = struct.pack("<L", table_end + end - start)
    return (
        content[:2] + size + content[6:10] + struct.pack("<L", table_end) + content[14:table_end] + content[start:end]
    )


def _end_of_runs(content: bytes, at: int, rows: int, bits: int) -> int:
    """Return where the runs of a packed bitmap end: behind the code that says so, or behind its last row."""
    while rows > 0:
        count, value = content[at], content[at + 1]
        at += 2
        if not count and value == 1:
            break
        if not count and value == 0:
            rows -= 1
        elif not count and value == 2:
            rows -= content[at + 1]
            at += 2
        elif not count:
            at += (value * bits + 15) // 16 * 2
    return at


def _strip_ico(content: bytes) -> bytes | None:
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
    return content[:at]


def _strip_qoi(content: bytes) -> bytes:
    width, height = struct.unpack_from(">LL", content, 4)
    at, left = _QOI_HEAD, width * height
    while left > 0:
        tag = content[at]
        is_run = tag >= 0xC0 and tag not in _QOI_LENGTHS
        left -= (tag & 0x3F) + 1 if is_run else 1
        at += _QOI_LENGTHS.get(tag, 2 if tag >> 6 == 2 else 1)
    has_end = content.startswith(END_MARKS["qoi"], at)  # which decoders do without
    return content[: at + (len(END_MARKS["qoi"]) if has_end else 0)]


_STRIPPERS: dict[str, Callable[[bytes], bytes | None]] = {
    "PPM": _strip_pnm, "TGA": _strip_tga, "ICO": _strip_ico, "BMP": _strip_bmp, "QOI": _strip_qoi,
}  # fmt: skip

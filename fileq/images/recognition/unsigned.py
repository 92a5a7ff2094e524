"""Pictures in formats without a signature, told by sizes in their header that fit the length of the file."""

from __future__ import annotations

import os
import re
import struct
from typing import TYPE_CHECKING

from fileq.images.recognition.families import Family, FileType

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

_DUMP_HEADER, _DUMP_VERSION = range(100, 1024), 7
_HRZ_LENGTH = 256 * 240 * 3
_PALM_BITS = {1, 2, 4, 8, 16}


def find_unsigned(file: BinaryIO, start: bytes) -> FileType | None:
    """Return the type of an open file that no decoder takes and that begins with `start`; None where it fits none.

    The file stays where it is. Raises OSError.
    """
    place = file.tell()
    length = file.seek(0, os.SEEK_END)
    file.seek(place)
    header = start.ljust(128, b"\0")
    name = next((name for name, fits in _LAYOUTS.items() if fits(header, length)), None)
    return None if name is None else FileType(Family.PICTURE, name)


def _rows(width: int, height: int, bits: int = 1) -> int:
    """Return the bytes of rows that begin with a byte each; 0 where there are none."""
    return (width * bits + 7) // 8 * height


def _is_wbmp(header: bytes, length: int) -> bool:
    """WAP-237: a type and a header of 0, then width and height in groups of 7 bits."""
    sizes, at = [], 2
    for _ in range(2):
        value = 0
        while header[at] & 0x80 and at < 8:
            value, at = value << 7 | header[at] & 0x7F, at + 1
        sizes.append(value << 7 | header[at])
        at += 1
    return header[:2] == b"\0\0" and all(sizes) and length == at + _rows(*sizes)


def _is_jbig(header: bytes, length: int) -> bool:
    """ITU-T T.82, 6.2: layers, planes, sizes, and how the stripes are coded."""
    first, last, planes, fill, width, height, stripe, across, down, order, options = struct.unpack_from(
        ">4B3I4B", header
    )
    is_sound = first <= last <= 31 and 1 <= planes <= 16 and not fill and 0 < width < 2**16 and 0 < height < 2**16
    return (
        is_sound
        and 0 < stripe <= height
        and across <= 127
        and down <= 127
        and order < 16
        and options < 128
        and length > 20
    )


def _is_window_dump(header: bytes, length: int) -> bool:
    """XWDFile.h of X11, version 7, in either byte order."""
    for order in "><":
        size, version, kind, depth, width, height = struct.unpack_from(f"{order}6I", header)
        if size in _DUMP_HEADER and version == _DUMP_VERSION and kind <= 2 and depth in range(1, 33):
            return bool(0 < width * height <= 8 * length)
    return False


def _is_palm(header: bytes, length: int) -> bool:
    width, height, row, _, bits, version = struct.unpack_from(">4H2B", header)
    least = _rows(width, 1, bits)
    return bool(bits in _PALM_BITS and version <= 3 and 0 < least <= row <= least + 4 and 0 < height <= length)


def _is_words(order: str) -> Callable[[bytes, int], bool]:
    """Width and height in 4 bytes each, then 4 bytes a pixel."""

    def fits(header: bytes, length: int) -> bool:
        width, height = struct.unpack_from(f"{order}2I", header)
        return bool(width > 0 < height and length == 8 + 4 * width * height)

    return fits


def _is_mtv(header: bytes, length: int) -> bool:
    sizes = re.match(rb"(\d{1,5}) (\d{1,5})\n", header)
    return sizes is not None and length == sizes.end() + 3 * int(sizes[1]) * int(sizes[2])


def _is_over_the_air(header: bytes, length: int) -> bool:
    return header[0] == 0 and header[3] == 1 and header[1] > 0 and length == 4 + _rows(header[1], header[2])


def _is_art(header: bytes, length: int) -> bool:
    none, width, zero, height = struct.unpack_from("<4H", header)
    row = _rows(width, 1)
    return bool(none == zero == 0 < width) and length - 8 in {row * height, (row + row % 2) * height} - {0}


def _is_robot_graphic(header: bytes, length: int) -> bool:
    return header[0] > 0 < header[1] and length == 2 + _rows(header[0], header[1])


_LAYOUTS: dict[str, Callable[[bytes, int], bool]] = {
    "a WBMP picture of old phones": _is_wbmp,
    "a JBIG fax": _is_jbig,
    "a window dump of X11 (XWD)": _is_window_dump,
    "a bitmap of Palm": _is_palm,
    "an AVS picture": _is_words(">"),
    "a picture of Dune players (AAI)": _is_words("<"),
    "a picture of the MTV ray tracer": _is_mtv,
    "an over-the-air bitmap of old phones (OTB)": _is_over_the_air,
    "a First Publisher picture (ART)": _is_art,
    "a picture of Lego robots (RGF)": _is_robot_graphic,
    "a picture of slow-scan television (HRZ)": lambda _, length: length == _HRZ_LENGTH,
}

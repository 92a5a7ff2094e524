"""How many pictures an open Netpbm file has (PBM, PGM and PPM, one after the other): Pillow reads the first alone."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
_BITMAP = re.compile(rb"\s*P4" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})\s")
_LEVELS = re.compile(rb"\s*P([56])" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,5})\s")
_HEADER = 4096  # bytes: more than any with its comments
_MOST = 10_000  # pictures that are counted
_CHANNELS = {b"5": 1, b"6": 3}


def count_pictures(file: BinaryIO) -> int:
    """Return how many pictures are in an open file; at least 1, as texts (P1 to P3) have one. Raises OSError.

    The file stays where it is.
    """
    place, end = file.tell(), file.seek(0, os.SEEK_END)
    try:
        at = count = 0
        while at < end and count < _MOST and (length := _length_at(file, at)):
            at += length
            count += at <= end
    finally:
        file.seek(place)
    return max(count, 1)


def _length_at(file: BinaryIO, at: int) -> int:
    """Return the bytes of the picture at this place, with its header; 0 where there is none."""
    file.seek(at)
    start = file.read(_HEADER)
    if header := _BITMAP.match(start):
        width, height = map(int, header.groups())
        return header.end() + (width + 7) // 8 * height
    if header := _LEVELS.match(start):
        width, height, highest = map(int, header.groups()[1:])
        return header.end() + width * height * _CHANNELS[header[1]] * (1 + (highest > 255))
    return 0

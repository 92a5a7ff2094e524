"""Netpbm files (PBM, PGM and PPM) as other programs read them: comments anywhere in the header, several pictures.

Of pictures one after the other Pillow reads the first alone.
"""

from __future__ import annotations

import os
import re
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
BITMAP_HEADER = re.compile(rb"\s*P4" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})\s")
LEVELS_HEADER = re.compile(rb"\s*P([56])" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,5})\s")
_GLUED_COMMENT = re.compile(rb"P[1-6](#[^\r\n]*)[\r\n]")
_HEADER = 4096  # bytes: more than any with its comments
_MOST = 10_000  # pictures that are counted
_CHANNELS = {b"5": 1, b"6": 3}


def with_plain_start(file: BinaryIO, start: bytes) -> BinaryIO:
    """Return an open file that begins with `start` without a comment that follows its first two letters at once.

    It is the file itself, which stays where it is, where there is none. Raises OSError.
    """
    comment = _GLUED_COMMENT.match(start)
    if comment is None:
        return file
    file.seek(0)
    content = file.read()
    return BytesIO(content[:2] + content[comment.end(1) :])


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
    if header := BITMAP_HEADER.match(start):
        width, height = map(int, header.groups())
        return header.end() + (width + 7) // 8 * height
    if header := LEVELS_HEADER.match(start):
        width, height, highest = map(int, header.groups()[1:])
        return header.end() + width * height * _CHANNELS[header[1]] * (1 + (highest > 255))
    return 0

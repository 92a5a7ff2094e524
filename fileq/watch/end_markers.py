"""Whether a file's end is there, by the marks that formats have. Its content says which it is, not its name."""

import os
import struct

_HEAD = 16
_MARKS = {
    b"\xff\xd8": b"\xff\xd9",  # JPEG: EOI
    b"\x89PNG": b"\x00\x00\x00\x00IEND\xaeB`\x82",
    b"GIF8": b";",
    b"qoif": b"\0\0\0\0\0\0\0\1",
}
"""How a format begins and how it ends."""

_PDF_TAIL = 1024
_MOST_BOXES = 1000
_BOXED = (b"ftyp", b"jP  ", b"JXL ")
_CONTENT = (b"mdat", b"jp2c", b"jxlc", b"jxlp")


def whole(file: int, size: int) -> bool | None:
    """Whether the end of an open file of `size` bytes is there; None for a format that has no mark. Raises OSError."""
    head = os.pread(file, _HEAD, 0)
    for start, end in _MARKS.items():
        if head.startswith(start):
            return _tail(file, size, len(end)) == end
    if head.startswith(b"RIFF") and len(head) >= 8:  # WebP: the header has the size of what follows it
        return bool(size >= 8 + struct.unpack_from("<I", head, 4)[0])
    if head.startswith(b"%PDF"):
        return b"%%EOF" in _tail(file, size, _PDF_TAIL)
    if head[4:8] in _BOXED:  # HEIF, AVIF, JPEG 2000, JPEG XL: ISO/IEC 14496-12
        return _boxes_end(file, size)
    return None if head.strip(b"\0") else False  # zeros: room was made for it, and nothing was written


def _tail(file: int, size: int, count: int) -> bytes:
    return os.pread(file, count, max(0, size - count))


def _boxes_end(file: int, size: int) -> bool | None:
    """Whether the boxes at the top end where the file does, one with the content among them."""
    place, content = 0, False
    for _ in range(_MOST_BOXES):
        if place == size:
            return content
        header = os.pread(file, 16, place)
        if len(header) < 8:
            return False
        length, kind = struct.unpack_from(">I4s", header)
        if length == 0:  # up to the end of the file, wherever that may be
            return None
        if length == 1 and len(header) == 16:
            (length,) = struct.unpack_from(">Q", header, 8)
        if length < 8:
            return False
        content = content or kind in _CONTENT
        place += length
    return None

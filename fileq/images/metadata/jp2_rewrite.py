"""JPEG 2000 files with other metadata, the coded picture left as it is, bit for bit (ISO/IEC 15444-1, annexes A and I).

XMP has a uuid of its own; EXIF has none that is standard.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

from fileq.files.containers import box_of, boxes
from fileq.images.formats.jpeg2000.xmp import CODESTREAM, XMP_UUID

if TYPE_CHECKING:
    from fileq.images.metadata.selection import Metadata

_SIGNATURE = b"jP  "
_KEPT = {_SIGNATURE, b"ftyp", b"rreq"}
_BY_OFFSET = {b"ftbl", b"cidx", b"fidx", b"moov", b"moof"}
"""What says where other parts of the file lie."""

_HEADERS = {b"jp2h", b"jpch", b"jplh"}
_ABOUT_PIXELS = {b"ihdr", b"bpcc", b"colr", b"pclr", b"cmap", b"cdef", b"res ", b"cgrp", b"opct", b"creg"}

_SOC, _SOT, _SOD, _COMMENT, _END = 0xFF4F, 0xFF90, 0xFF93, 0xFF64, b"\xff\xd9"


def rewrite(content: bytes, exif: bytes, data: Metadata) -> bytes:
    """Return the file with the XMP of `data` in place of all metadata, and without comments.

    Raises ValueError or struct.error where it is not laid out so.
    """
    del exif
    if content.startswith(CODESTREAM):
        return _without_comments(content)
    found = list(boxes(io.BytesIO(content)))
    if not found or found[0].name != _SIGNATURE or any(box.name in _BY_OFFSET for box in found):
        raise ValueError("its boxes are none that are known here")
    kept = []
    for box in found:
        if box.name == b"jp2c":
            kept.append(box_of(b"jp2c", _without_comments(content[box.payload : box.end])))
        elif box.name in _HEADERS:
            inner = boxes(io.BytesIO(content), box.payload, box.end)
            known = [content[one.start : one.end] for one in inner if one.name in _ABOUT_PIXELS]
            kept.append(box_of(box.name, b"".join(known)))
        elif box.name in _KEPT:
            kept.append(content[box.start : box.end])
    return b"".join([*kept, box_of(b"uuid", XMP_UUID + data.xmp) if data.xmp else b""])


def _without_comments(stream: bytes) -> bytes:
    """Return a codestream without the comments in its main header, and with zeros in those of its tiles.

    What says where tiles lie counts from each tile, and may tell their lengths.
    """
    kept, at = [stream[:2]], 2
    while True:
        marker, length = struct.unpack_from(">HH", stream, at)
        if marker == _SOT:
            return b"".join([*kept, _without_comments_in_tiles(stream[at:]), _END])
        if marker < _SOC or length < 2:
            raise ValueError("its main header is damaged")
        if marker != _COMMENT:
            kept.append(stream[at : at + 2 + length])
        at += 2 + length


def _without_comments_in_tiles(stream: bytes) -> bytes:
    """Return the parts of tiles that a codestream holds from here on; what follows its end goes."""
    new, at = bytearray(stream), 0
    while stream[at : at + 2] not in {_END, b""}:  # some are cut off behind the last tile
        marker, length, _, part = struct.unpack_from(">HHHL", stream, at)
        if marker != _SOT:
            raise ValueError("its tiles are damaged")
        end = at + part if part else len(stream.rstrip(b"\0").removesuffix(_END))
        inside = at + 2 + length
        while (marker := struct.unpack_from(">H", stream, inside)[0]) != _SOD:
            (length,) = struct.unpack_from(">H", stream, inside + 2)
            if length < 2:
                raise ValueError("the header of a tile is damaged")
            if marker == _COMMENT:
                new[inside + 6 : inside + 2 + length] = bytes(length - 4)
            inside += 2 + length
        at = max(end, inside)
    return bytes(new[:at])

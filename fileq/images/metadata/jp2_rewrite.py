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
_KEPT = {_SIGNATURE, b"ftyp", b"rreq", b"jp2h", b"jpch", b"jplh", b"jp2c"}
_BY_OFFSET = {b"ftbl", b"cidx", b"fidx", b"moov", b"moof"}
"""What says where other parts of the file lie."""

_SOC, _SOT, _COMMENT = 0xFF4F, 0xFF90, 0xFF64


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
        elif box.name in _KEPT:
            kept.append(content[box.start : box.end])
    return b"".join([*kept, box_of(b"uuid", XMP_UUID + data.xmp) if data.xmp else b""])


def _without_comments(stream: bytes) -> bytes:
    """Return a codestream without the comments in its main header. What says where tiles lie counts from each tile."""
    kept, at = [stream[:2]], 2
    while True:
        marker, length = struct.unpack_from(">HH", stream, at)
        if marker == _SOT:
            return b"".join([*kept, stream[at:]])
        if marker < _SOC or length < 2:
            raise ValueError("its main header is damaged")
        if marker != _COMMENT:
            kept.append(stream[at : at + 2 + length])
        at += 2 + length

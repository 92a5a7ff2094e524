"""JPEG XL files with other metadata, the codestream left as it is (ISO/IEC 18181-2)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from fileq.files.containers import box_of, boxes

if TYPE_CHECKING:
    from fileq.images.metadata.selection import Metadata

_CODESTREAM = b"\xff\x0a"
_KEPT = {b"JXL ", b"ftyp", b"jxll", b"jxli", b"jxlc", b"jxlp"}
"""Not what a JPEG is made of again: that has its metadata too."""


def rewrite(content: bytes, exif: bytes, data: Metadata) -> bytes:
    """Return the file with `exif` and the XMP of `data` in place of its own. Raises ValueError.

    A bare codestream has no metadata, and has no place for any.
    """
    if content.startswith(_CODESTREAM):
        return content
    kept = [content[box.start : box.end] for box in boxes(io.BytesIO(content)) if box.name in _KEPT]
    if len(kept) < 3:
        raise ValueError("it has no codestream")
    new = box_of(b"Exif", exif) if exif else b""
    new += box_of(b"xml ", data.xmp) if data.xmp else b""
    return b"".join([*kept[:2], new, *kept[2:]])

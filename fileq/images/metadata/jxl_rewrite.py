"""JPEG XL files with other metadata, the codestream left as it is (ISO/IEC 18181-2), and nothing behind it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from fileq.files.containers import box_of, boxes
from fileq.images.formats.optional_codecs import jpeg_xl_coders

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
        return content[: _find_end(content)]
    kept = [
        _whole_box(content, box.name, slice(box.start, box.end))
        for box in boxes(io.BytesIO(content))
        if box.name in _KEPT
    ]
    if len(kept) < 3:
        raise ValueError("it has no codestream")
    new = box_of(b"Exif", exif) if exif else b""
    new += box_of(b"xml ", data.xmp) if data.xmp else b""
    return b"".join([*kept[:2], new, *kept[2:]])


def _whole_box(content: bytes, name: bytes, place: slice) -> bytes:
    """Return a box, one with all of the codestream without what stands behind that."""
    box = content[place]
    start = box.find(_CODESTREAM, 8, 24) if name == b"jxlc" else -1
    if start < 0:
        return box
    end = start + _find_end(box[start:])
    return box if end == len(box) else box_of(name, box[start:end])


def _find_end(codestream: bytes) -> int:
    """Return where a codestream ends: by how much of it its decoder takes for whole, which knows how long it is."""
    if _decode(codestream[:-1]) is None:
        return len(codestream)
    enough, step = len(codestream) - 1, 1
    while step < enough and _decode(codestream[: enough - step]) is not None:
        enough, step = enough - step, step * 2
    least = max(enough - step, 0)  # too short
    while enough - least > 1:
        middle = (least + enough) // 2
        least, enough = (least, middle) if _decode(codestream[:middle]) is not None else (middle, enough)
    return enough if _decode(codestream[:enough]) == _decode(codestream) else len(codestream)


def _decode(codestream: bytes) -> bytes | None:
    """Return the pixels of a codestream, of the last frame where there are several; None where it isn't whole."""
    try:
        _, _, pixels, _, _ = jpeg_xl_coders().Decoder(num_threads=0)(codestream)
    except (RuntimeError, ValueError):
        return None
    return bytes(pixels)

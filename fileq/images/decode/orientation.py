"""How a stored picture is to be turned, as browsers have it: by what stands in its place, and is written by the book.

What other readers take for an orientation, too, is left alone: EXIF in WebP, in text chunks of PNG and behind its
pixels, and XMP everywhere.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from PIL import ExifTags

from fileq.files.containers import png_chunks

if TYPE_CHECKING:
    from typing import BinaryIO

    from PIL import Image

_PREFIX = b"Exif\0\0"
_SHORT = 3
_ENTRY = 12  # bytes


def read_orientation(image: Image.Image, exif: Image.Exif) -> object:
    """Return what an opened image says of its orientation, which may be no number of EXIF's; 1 where it says nothing.

    `exif` is the image's. What HEIF says is done by its decoder, as is most of JPEG XL's.
    """
    if image.format in {"JXL", "PNG"}:
        return image.info.get("orientation", 1)
    if image.format in {"JPEG", "MPO"}:
        return read_exif_orientation(bytes(image.info.get("exif") or b"").removeprefix(_PREFIX))
    return exif.get(ExifTags.Base.Orientation, 1) if image.format in {"AVIF", "TIFF"} else 1


def read_png_orientation(file: BinaryIO) -> int:
    """Return the orientation of an open PNG by its first chunk eXIf, which stands before its pixels. Raises OSError.

    The file stays where it is.
    """
    place = file.tell()
    value = 1
    for chunk in png_chunks(file):
        if chunk.name == b"eXIf":
            value = read_exif_orientation(file.read(chunk.length))
        if chunk.name in {b"eXIf", b"IDAT"}:
            break
    file.seek(place)
    return value


def read_exif_orientation(content: bytes) -> int:
    """Return the orientation in EXIF data's first directory, 1 where none is written as a SHORT (Exif 3.0, 4.6.5)."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(content[:4])
    if order is None or len(content) < 8:
        return 1
    (place,) = struct.unpack_from(f"{order}I", content, 4)
    (count,) = struct.unpack(f"{order}H", content[place : place + 2].ljust(2, b"\0"))
    for at in range(place + 2, min(place + 2 + _ENTRY * count, len(content) - _ENTRY + 1), _ENTRY):
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", content, at)
        if (tag, kind) == (ExifTags.Base.Orientation, _SHORT):
            return int(value)
    return 1

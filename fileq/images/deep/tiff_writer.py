"""TIFF with 16 bits a channel (TIFF 6.0): written by Pillow as twice as many pixels of 8 bits, of the same bytes.

Then two tags of each page are put right: how wide it is, and how many bits a sample has.
"""

from __future__ import annotations

import struct
import sys
from typing import TYPE_CHECKING, Any

from PIL import Image

from fileq.images.deep.image import DeepImage

if TYPE_CHECKING:
    from typing import BinaryIO

_WIDTH, _BITS = 256, 258
_SHORT = 3
_ENTRY = 12  # bytes


def write(file: BinaryIO, image: Image.Image, options: dict[str, Any]) -> None:
    """Write a picture, and those that are appended to it, to an open file by Pillow's options. Raises OSError."""
    pages = [image, *options.pop("append_images", [])]
    stored = [_as_stored(page) for page in pages]
    stored[0].save(file, "TIFF", append_images=stored[1:], **options)
    file.seek(0)
    order = "<" if file.read(2) == b"II" else ">"
    place = _read(file, 4, f"{order}L")
    for page in pages:
        place = _mend_page(file, place, order, page if isinstance(page, DeepImage) else None)
    file.seek(0, 2)


def _as_stored(page: Image.Image) -> Image.Image:
    if not isinstance(page, DeepImage):
        return page
    content = page.to_bytes(big_endian=sys.byteorder == "big")
    return Image.frombytes(page.mode.removesuffix(";16"), (2 * page.width, page.height), content)


def _mend_page(file: BinaryIO, at: int, order: str, page: DeepImage | None) -> int:
    """Have the directory at this place say what the page is, and return where the next one is."""
    count = _read(file, at, f"{order}H")
    for place in range(at + 2, at + 2 + _ENTRY * count, _ENTRY):
        tag, kind = _read(file, place, f"{order}H"), _read(file, place + 2, f"{order}H")
        if page is not None and tag == _WIDTH:
            _write(file, place + 8, f"{order}H" if kind == _SHORT else f"{order}L", page.width)
        elif page is not None and tag == _BITS:
            bits = [16] * len(page.planes)
            _write(file, _read(file, place + 8, f"{order}L"), f"{order}{len(bits)}H", *bits)
    return _read(file, at + 2 + _ENTRY * count, f"{order}L")


def _read(file: BinaryIO, at: int, form: str) -> int:
    file.seek(at)
    return int(struct.unpack(form, file.read(struct.calcsize(form)))[0])


def _write(file: BinaryIO, at: int, form: str, *values: int) -> None:
    file.seek(at)
    file.write(struct.pack(form, *values))

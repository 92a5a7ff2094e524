"""Damage in the coded pixels of a JPEG: libjpeg warns of it, which Pillow drops, and goes on with gray blocks.

So simplejpeg decodes what is wanted smaller than it is, by the same libjpeg-turbo and to the same pixels, and says it.
What is decoded whole, where Pillow needs less memory, it looks at before: an eighth of each side, in gray, next to
nothing but the entropy coding. That takes 33 ms for 12 million pixels and 64 ms for 24, as measured on one processor; a
progressive one 153 and 287 ms.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from PIL import Image

from fileq.files.containers import jpeg_segments

_THREADS = "OPENBLAS_NUM_THREADS"
_given = os.environ.get(_THREADS)
os.environ.setdefault(_THREADS, "1")  # NumPy would have one for each processor, and there is a child for each already
import simplejpeg  # noqa: E402  # it brings NumPy

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

if _given is None:
    del os.environ[_THREADS]

_DAMAGE = re.compile(
    r"Corrupt JPEG data: (premature end of data segment|bad Huffman code|found marker|bad arithmetic code)"
)
"""What libjpeg says where pixels are lost, of which it makes gray or shifted ones."""

_LEFT_OVER = re.compile(r"(\d+) extraneous bytes before marker 0x(c4|d[0-9a])")
"""What it says of bytes between two scans or in one, before its next marker; of those between other segments, too."""

_SPACES = {"RGB": "RGB", "L": "GRAY"}

_EOI = "d9"
_FEW = 8  # bytes, beside up to 7 that its decoder takes for its last block's: cameras leave so many
_MAYBE = "It has {count} bytes too many at its end, as some cameras write it, and as damage can make it: look at it."


def decode(image: ImageFile, *, is_reduced: bool) -> tuple[Image.Image, str | None]:
    """Return the pixels of a JPEG that is open, at the size that was drafted, and what is to be said on the job.

    `is_reduced` is whether that is smaller than the file's. Raises ValueError where pixels are lost, OSError.
    """
    content = image.info["read_all"]()
    decoded = _decode_reduced(content, image) if is_reduced else None
    if decoded is not None:
        return decoded, None
    note = check_coded_pixels(content)
    if note:
        image.info["notes"] += (note,)
    image.load()
    return image, note


def _decode_reduced(content: bytes, image: ImageFile) -> Image.Image | None:
    """Return the picture of the JPEG file `content` at the size that was drafted for `image`.

    None where libjpeg has something to say of it, or where it is not of 8-bit gray or RGB.
    """
    space = _SPACES.get(image.mode)
    if space is None:
        return None
    width, height = image.size
    try:
        pixels = simplejpeg.decode_jpeg(content, space, min_height=height, min_width=width)
    except ValueError:
        return None
    if pixels.shape[:2] != (height, width):
        return None
    decoded = Image.frombytes(image.mode, image.size, pixels.data)
    decoded.info = dict(image.info)
    return decoded


def check_coded_pixels(content: bytes) -> str | None:
    """Return what is to be said on the job of the JPEG file `content`, None for nothing.

    Not told is damage that gives other values and fits the coding all the same. JPEGs of rare subsampling, such as
    4:1:0, are left to Pillow. Raises ValueError where pixels are lost.
    """
    said = _warning_of(content)
    if damage := _DAMAGE.search(said):
        raise ValueError(damage[1])
    left_over = _LEFT_OVER.search(said)
    if left_over is None:
        return None
    count = int(left_over[1])
    if left_over[2] != _EOI:
        raise ValueError(f"{count} bytes too many in its picture")
    if _is_padding(content, count):
        return None
    if count > _FEW:
        raise ValueError(f"{count} bytes too many at the end of its picture")
    return _MAYBE.format(count=count)


def _warning_of(content: bytes) -> str:
    """Return the first thing that libjpeg-turbo has to say of a file; errors, which Pillow raises too, among them."""
    try:
        simplejpeg.decode_jpeg(content, "GRAY", fastdct=True, fastupsample=True, min_height=1, min_width=1)
    except ValueError as error:
        return str(error)
    return ""


def _is_padding(content: bytes, count: int) -> bool:
    """Return whether the last `count` bytes of the last scan have one value, as in cameras that fill blocks."""
    end = max((segment.end for segment in jpeg_segments(content)), default=0)
    return len(set(content[end - count : end])) == 1

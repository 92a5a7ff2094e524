"""Whether two files of one format show the same: each frame or page by its pixels, and how long it stays."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

from PIL import Image, ImageSequence

from fileq.images.errors import DAMAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

_BAND = 2**22  # pixels that are looked at together: a whole large picture need not be there twice


def show_the_same(one: bytes, other: bytes, pillow_name: str) -> bool:
    """Return whether two files hold the same pixels in the same order. A file that can't be read shows nothing."""
    try:
        return list(_pictures(one, pillow_name)) == list(_pictures(other, pillow_name))
    except (OSError, *DAMAGE):
        return False


def _pictures(content: bytes, pillow_name: str) -> Iterator[tuple[tuple[int, int], float, bytes]]:
    """Yield of each picture its size in pixels, how long it stays in ms, and a digest of its pixels."""
    with Image.open(io.BytesIO(content), formats=[pillow_name]) as image:
        for frame in ImageSequence.Iterator(image):
            frame.load()
            yield frame.size, float(frame.info.get("duration", 0)), _digest(frame)


def _digest(image: Image.Image) -> bytes:
    """Return a digest that palettes, and a depth of more bits than the picture needs, make no different."""
    digest = hashlib.blake2b(digest_size=16)
    as_it_is = image.mode in {"CMYK", "LAB", "I;16", "I;16B", "I", "F", "YCbCr"}
    rows = max(1, _BAND // max(1, image.width))
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        digest.update((band if as_it_is else _without_hidden_colors(band.convert("RGBA"))).tobytes())
    return digest.digest() + (image.mode.encode() if as_it_is else b"")


def _without_hidden_colors(image: Image.Image) -> Image.Image:
    """Return the picture without the colours of what is all transparent, which formats of palettes have none of."""
    hidden = image.getchannel("A").point([255] + [0] * 255)
    if hidden.getbbox() is not None:
        image.paste((0, 0, 0, 0), mask=hidden)
    return image

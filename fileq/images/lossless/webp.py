"""WebP of one picture without loss, encoded again as small as it gets. What is lossy is only stripped."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from fileq.files.containers import riff_chunk, riff_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

_USUAL_METHOD, _HIGHEST_METHOD = 4, 6
_SLOW_METHOD, _SMALL = 6, 2**18
"""At quality 100 it takes 46 µs a pixel, and the one before 6 (measured): for pictures of so few pixels."""


def is_lossless(content: bytes) -> bool:
    """Return whether a WebP holds one picture without loss: its pixels are in a chunk VP8L."""
    return any(chunk.name == b"VP8L" for chunk in riff_chunks(io.BytesIO(content)))


def smaller_forms(content: bytes, effort: int | None) -> Iterator[bytes]:
    """Yield the file `content` with its picture encoded again, where it has one without loss; else nothing."""
    if not is_lossless(content):
        return
    with Image.open(io.BytesIO(content), formats=["WEBP"]) as image:
        method = _USUAL_METHOD if effort is None else round(effort * _HIGHEST_METHOD / 10)
        if image.width * image.height > _SMALL:
            method = min(method, _SLOW_METHOD - 1)
        packed = io.BytesIO()
        image.info = {}
        image.save(packed, "WEBP", lossless=True, quality=100, method=method, exact=True)
    yield _with_pixels_of(content, packed.getvalue())


def _with_pixels_of(content: bytes, packed: bytes) -> bytes:
    """Return the file `content` with the VP8L chunk of `packed` in place of its own."""
    (pixels,) = [packed[chunk.start : chunk.end] for chunk in riff_chunks(io.BytesIO(packed)) if chunk.name == b"VP8L"]
    chunks = riff_chunks(io.BytesIO(content))
    kept = [pixels if chunk.name == b"VP8L" else content[chunk.start : chunk.end] for chunk in chunks]
    return riff_chunk(b"RIFF", b"WEBP" + b"".join(kept))

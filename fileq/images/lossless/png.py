"""PNG with the fewest colour types, depths and bytes that give the same pixels, by oxipng."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from fileq.files.containers import png_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

_USUAL_LEVEL, _HIGHEST_LEVEL, _HIGHEST_EFFORT = 4, 6, 10
_ZOPFLI_ROUNDS, _SMALL = 5, 2**16
"""Zopfli takes 50 µs a pixel for 1 to 2 % (measured): in files of so few bytes, which are 10 s at most."""


def smaller_forms(content: bytes, effort: int | None) -> Iterator[bytes]:
    """Yield the file `content` with its pixels packed again. Animations stay: oxipng knows nothing of them."""
    import oxipng  # noqa: PLC0415  # few jobs need it

    if any(chunk.name == b"acTL" for chunk in png_chunks(io.BytesIO(content))):
        return
    level = _USUAL_LEVEL if effort is None else round(effort * _HIGHEST_LEVEL / 10)
    try:
        packed = oxipng.optimize_from_memory(content, level=level, strip=oxipng.StripChunks.none())
        yield packed
        if effort == _HIGHEST_EFFORT and len(packed) <= _SMALL:
            zopfli = oxipng.Deflaters.zopfli(_ZOPFLI_ROUNDS)
            yield oxipng.optimize_from_memory(content, level=level, strip=oxipng.StripChunks.none(), deflate=zopfli)
    except oxipng.PngError:  # a checksum or a chunk that decoders put up with
        return

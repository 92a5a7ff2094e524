"""PNG with the fewest colour types, depths and bytes that give the same pixels, by oxipng."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from fileq.files.containers import png_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

_USUAL_LEVEL, _HIGHEST_LEVEL = 4, 6


def smaller_forms(content: bytes, effort: int | None) -> Iterator[bytes]:
    """Yield the file `content` with its pixels packed again. Animations stay: oxipng knows nothing of them."""
    import oxipng  # noqa: PLC0415  # few jobs need it

    if any(chunk.name == b"acTL" for chunk in png_chunks(io.BytesIO(content))):
        return
    level = _USUAL_LEVEL if effort is None else round(effort * _HIGHEST_LEVEL / 10)
    try:
        yield oxipng.optimize_from_memory(content, level=level, strip=oxipng.StripChunks.none())
    except oxipng.PngError:  # a checksum or a chunk that decoders put up with
        return

"""The data of a PNG's pixels without what stands behind it (PNG third edition, 10): decoders pass over that."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

from fileq.files.containers import png_chunk, png_chunks
from fileq.images.formats.png.rows import count_row_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fileq.files.containers import Chunk

_AT_ONCE = 2**20  # bytes


class _Stream(NamedTuple):
    """The data of one picture: its chunks by their places in the file, and how many bytes its rows have.

    `prefix` is how many bytes in each chunk stand before the data.
    """

    places: list[int]
    row_bytes: int
    prefix: int


def cut_pixel_data(content: bytes) -> list[tuple[bytes, bytes]]:
    """Return the chunks of the PNG `content`, names and whole, with nothing behind the pixels in those that have them.

    Raises struct.error where its header is too short.
    """
    chunks = list(png_chunks(io.BytesIO(content)))
    made = [content[chunk.start : chunk.end] for chunk in chunks]
    for stream in _find_streams(content, chunks):
        parts = [made[place][8 + stream.prefix : -4] for place in stream.places]
        data = _cut(b"".join(parts), stream.row_bytes)
        if data is None:
            continue
        for place, part in zip(stream.places, parts, strict=True):
            length = len(data) if place == stream.places[-1] else len(part)
            number = made[place][8 : 8 + stream.prefix]
            made[place] = png_chunk(chunks[place].name, number + data[:length])
            data = data[length:]
    return [(chunk.name, one) for chunk, one in zip(chunks, made, strict=True)]


def _find_streams(content: bytes, chunks: list[Chunk]) -> Iterator[_Stream]:
    """Yield the data of the still picture, and of each frame that has its own."""
    header = content[chunks[0].payload : chunks[0].payload + 13] if chunks else b""
    size, form = struct.unpack_from(">II", header), struct.unpack_from(">BBxxB", header, 8)
    yield _Stream(
        [place for place, chunk in enumerate(chunks) if chunk.name == b"IDAT"], count_row_bytes(*size, *form), 0
    )
    frame = _Stream([], 0, 4)
    for place, chunk in enumerate(chunks):
        if chunk.name == b"fcTL":
            yield frame
            size = struct.unpack_from(">II", content, chunk.payload + 4)
            frame = _Stream([], count_row_bytes(*size, *form), 4)
        elif chunk.name == b"fdAT":
            frame.places.append(place)
    yield frame


def _cut(data: bytes, row_bytes: int) -> bytes | None:
    """Return the data of a picture's rows alone; None where it is nothing else, or has no end."""
    decompressor, found, rest = zlib.decompressobj(), 0, data
    try:
        while rest and not decompressor.eof:
            found += len(decompressor.decompress(rest, _AT_ONCE))
            rest = decompressor.unconsumed_tail
    except zlib.error:
        return None
    if not decompressor.eof or found < row_bytes:
        return None
    if found > row_bytes:
        return zlib.compress(zlib.decompressobj().decompress(data, row_bytes), 9)
    return data[: len(data) - len(decompressor.unused_data)] if decompressor.unused_data else None

"""GIF whose pictures are packed again: all indices stay as they are, in codes as short as these allow."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from fileq.files.containers import END_MARKS
from fileq.images.metadata.gif_rewrite import FRAME, HEAD, end_of_block, table_length

if TYPE_CHECKING:
    from collections.abc import Iterator

_GRAYS = bytes(value for gray in range(256) for value in (gray, gray, gray))
_INTERLACED = 0x40


def smaller_forms(content: bytes, effort: int | None) -> Iterator[bytes]:
    """Yield the file `content` with the pixels of each picture in fewer bytes."""
    del effort
    at = HEAD + table_length(content[10])
    blocks = [content[:at]]
    while content[at:] != END_MARKS["gif"]:
        end = end_of_block(content, at)
        block = content[at:end]
        blocks.append(min(block, _pack(block), key=len) if block[0] == FRAME else block)
        at = end
    yield b"".join([*blocks, END_MARKS["gif"]])


def _pack(block: bytes) -> bytes:
    """Return the block of a picture, packed again."""
    flags = block[9]
    palette_end = 10 + table_length(flags)
    image = _read_indices(block, palette_end)
    bits = max(2, max(image.getextrema()).bit_length())  # type: ignore[union-attr]  # of one channel
    head = block[:9] + bytes((flags & ~_INTERLACED,)) + block[10:palette_end]
    return head + bytes((bits,)) + _encode(image, bits) + b"\0"


def _read_indices(picture: bytes, palette_end: int) -> Image.Image:
    """Return the indices of a block as a gray picture of its own size."""
    size = picture[5:9]
    flags = picture[9] & _INTERLACED
    alone = (
        b"GIF89a" + size + b"\xf7\0\0" + _GRAYS + b",\0\0\0\0" + size + bytes((flags,)) + picture[palette_end:] + b";"
    )
    with Image.open(io.BytesIO(alone), formats=["GIF"]) as image:
        image.load()
        return Image.frombytes("L", image.size, image.tobytes())


def _encode(image: Image.Image, bits: int) -> bytes:
    """Return the sub-blocks of a picture whose indices have at most `bits` bits."""
    encoder = Image._getencoder("L", "gif", ("L",), (bits, 0))  # noqa: SLF001  # Image.save has 8 bits for all
    encoder.setimage(image.im, (0, 0, *image.size))
    out = b""
    while True:
        _, code, part = encoder.encode(2**20)
        out += part
        if code:
            return out

"""The pixels of one picture of a GIF, in LZW codes (GIF89a, appendix F), as indices of its palette and back."""

from __future__ import annotations

import io

from PIL import Image

from fileq.images.errors import DAMAGE
from fileq.images.formats.gif_lzw import encode_late_clears

INTERLACED = 0x40
"""A flag of a picture's descriptor."""

_GRAYS = bytes(value for gray in range(256) for value in (gray, gray, gray))
_DESCRIPTOR = 10  # bytes
_FULL_TABLE = 4096  # bytes: of fewer, the table of codes is not full before the picture ends
_TAIL = (
    5  # bytes: what an end code takes at most, with another one to clear before it, and some bits that are filled up
)


def read_indices(picture: bytes, palette_end: int) -> Image.Image:
    """Return the indices of a picture's block as a gray picture of its own size. Raises what Pillow raises."""
    size = picture[5:9]
    flags = picture[9] & INTERLACED
    alone = (
        b"GIF89a" + size + b"\xf7\0\0" + _GRAYS + b",\0\0\0\0" + size + bytes((flags,)) + picture[palette_end:] + b";"
    )
    with Image.open(io.BytesIO(alone), formats=["GIF"]) as image:
        image.load()
        return Image.frombytes("L", image.size, image.tobytes())


def encode_indices(image: Image.Image, bits: int) -> bytes:
    """Return the sub-blocks of a picture whose indices have at most `bits` bits, with the byte that ends them."""
    encoder = Image._getencoder("L", "gif", ("L",), (bits, 0))  # noqa: SLF001  # Image.save has 8 bits for all
    encoder.setimage(image.im, (0, 0, *image.size))
    out = b""
    while True:
        _, code, part = encoder.encode(2**20)
        out += part
        if code:
            return out + b"\0"


def encode_indices_closely(image: Image.Image, bits: int) -> bytes:
    """Return the sub-blocks of a picture as `encode_indices` does, in fewer bytes where a full table serves longer."""
    usual = encode_indices(image, bits)
    if len(usual) < _FULL_TABLE:
        return usual
    return min((usual, _in_sub_blocks(encode_late_clears(image.tobytes(), bits))), key=len)


def without_stray_bytes(picture: bytes, palette_end: int) -> bytes:
    """Return a picture's block with codes for its pixels alone: packed again where bytes stand behind them."""
    codes = b"".join(_sub_blocks(picture, palette_end + 1))
    start = picture[: palette_end + 1]
    try:
        read_indices(start + _in_sub_blocks(codes[:-_TAIL]), palette_end)
    except (OSError, *DAMAGE):  # as it should be: pixels are missing
        return picture
    indices = read_indices(picture, palette_end)
    flags = start[9] & ~INTERLACED
    return start[:9] + bytes((flags,)) + start[_DESCRIPTOR:] + encode_indices(indices, max(2, start[palette_end]))


def _sub_blocks(content: bytes, at: int) -> list[bytes]:
    parts = []
    while content[at]:
        parts.append(content[at + 1 : at + 1 + content[at]])
        at += content[at] + 1
    return parts


def _in_sub_blocks(codes: bytes) -> bytes:
    parts = (codes[at : at + 255] for at in range(0, len(codes), 255))
    return b"".join(bytes((len(part),)) + part for part in parts) + b"\0"

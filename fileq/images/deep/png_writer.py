"""PNG with 16 bits a channel: the pixels by oxipng, all else as Pillow writes it for a picture of one pixel."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import oxipng
from PIL import Image

from fileq.files.containers import png_chunks
from fileq.images.deep.image import DeepImage

if TYPE_CHECKING:
    from typing import BinaryIO

_PIXELS = {b"IHDR", b"IDAT"}
_PILLOW_LEVEL_TO_OXIPNG = (1, 1, 1, 1, 1, 1, 1, 2, 2, 3)
"""By the level of zlib that is asked for."""


def write(file: BinaryIO, image: Image.Image, options: dict[str, Any]) -> None:
    """Write a picture to an open file by Pillow's options. Raises OSError."""
    level = 4 if options.pop("optimize", False) else _PILLOW_LEVEL_TO_OXIPNG[options.pop("compress_level", 6)]
    about = io.BytesIO()
    Image.new(image.mode.removesuffix(";16"), (1, 1)).save(about, "PNG", **options)
    assert isinstance(image, DeepImage)
    pixels = io.BytesIO(_encode(image, level))
    header, *data = [_whole(pixels, chunk) for chunk in png_chunks(pixels) if chunk.name in _PIXELS]
    file.write(about.getvalue()[:8])
    for chunk in png_chunks(about):
        if chunk.name == b"IHDR":
            file.write(header)
        elif chunk.name == b"IDAT":
            file.write(b"".join(data))
        else:
            file.write(_whole(about, chunk))


def _encode(image: DeepImage, level: int) -> bytes:
    kind = oxipng.ColorType.rgb() if image.mode == "RGB;16" else oxipng.ColorType.rgba()
    raw = oxipng.RawImage(image.to_bytes(big_endian=True), *image.size, color_type=kind, bit_depth=16)
    content: bytes = raw.create_optimized_png(
        level=level, bit_depth_reduction=False, color_type_reduction=False, palette_reduction=False,
        grayscale_reduction=False,
    )  # fmt: skip
    return content


def _whole(file: io.BytesIO, chunk: Any) -> bytes:
    return file.getvalue()[chunk.start : chunk.end]

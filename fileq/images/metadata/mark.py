"""The mark of fileq's outputs, in files that Pillow writes. See fileq.files.output_mark."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fileq.files.containers import END_MARKS, jpeg_segments, png_chunk, png_chunks
from fileq.files.output_mark import CHUNK, TIFF_TAG, append_mark, is_mark, jpeg_mark
from fileq.images.errors import DAMAGE
from fileq.images.lossless import tiff

if TYPE_CHECKING:
    from collections.abc import Iterator


def add_mark_option(options: dict[str, Any], format_: str, mark: bytes) -> None:
    """Have Pillow write the mark, by the options of a format that has room for it before the file's end."""
    if format_ == "jpeg":
        options["extra"] = options.get("extra", b"") + jpeg_mark(mark)
    elif format_ == "png":
        options.setdefault("pnginfo", PngInfo()).add(CHUNK, mark, after_idat=True)
    elif format_ == "tiff":
        options.setdefault("exif", Image.Exif())[TIFF_TAG] = mark.decode()
    elif format_ == "pdf":
        options["producer"] = mark.decode()


def mark_content(content: bytes, format_: str, mark: bytes) -> bytes:
    """Return a finished file with the mark in it, where its format has room for one."""
    if not mark:
        return content
    if format_ == "jpeg":
        at = 4 + int.from_bytes(content[4:6], "big") if content[2:4] == b"\xff\xe0" else 2  # JFIF wants to come first
        return content[:at] + jpeg_mark(mark) + content[at:]
    if format_ == "png":
        end = len(content) - len(END_MARKS["png"])
        return content[:end] + png_chunk(CHUNK, mark) + content[end:]
    if format_ == "tiff":
        return tiff.add_mark(content, mark)
    file = io.BytesIO(content)
    append_mark(file, format_, mark)
    return file.getvalue()


def without_mark(content: bytes, format_: str) -> bytes:
    """Return a JPEG or PNG without the mark, which is no metadata; other files, and damaged ones, as they are."""
    with suppress(*DAMAGE):
        for start, end, payload in _parts(content, format_):
            if is_mark(payload):
                return content[:start] + content[end:]
    return content


def _parts(content: bytes, format_: str) -> Iterator[tuple[int, int, bytes]]:
    """Yield where segments or chunks begin and end, and what is in them. Raises ValueError or IndexError."""
    if format_ == "jpeg":
        for segment in jpeg_segments(content):
            yield segment.start, segment.end, content[segment.start + 4 : segment.end]
    elif format_ == "png":
        for chunk in png_chunks(io.BytesIO(content)):
            yield chunk.start, chunk.end, content[chunk.payload : chunk.payload + chunk.length]

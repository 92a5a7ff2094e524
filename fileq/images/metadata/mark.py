"""The mark of fileq's outputs, in files that Pillow writes. See fileq.files.output_mark."""

from __future__ import annotations

from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fileq.files.output_mark import CHUNK, TIFF_TAG, jpeg_mark


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

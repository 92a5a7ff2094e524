"""A finished temp file: is it what it should be, and is it on the disk?"""

from __future__ import annotations

import os

from PIL import Image

from fileq.errors import ErrorKind, JobError, os_failures
from fileq.pictures.encoding import PILLOW_NAMES
from fileq.pictures.failures import writing
from fileq.units import Size


def check(path: str, format_: str, size: Size) -> None:
    """Raise JobError (internal) where the file at `path` has not this format and size."""
    with writing(path):
        if format_ == "pdf":
            _check_pdf(path)
            return
        found = _size(path, format_)
    if found != size:
        message = f"The {format_} file that was written has {found} pixels and not {size}."
        raise JobError(ErrorKind.INTERNAL, message, "Retry; if it stays, please report it.")


def secure(path: str) -> int:
    """Have the file at `path` on the disk, whatever happens now. Its size in bytes."""
    with os_failures(path):
        handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        try:
            os.fsync(handle)
            return os.fstat(handle).st_size
        finally:
            os.close(handle)


def _size(path: str, format_: str) -> Size:
    with Image.open(path, formats=[PILLOW_NAMES[format_]]) as image:
        return Size(*image.size)


def _check_pdf(path: str) -> None:
    """Pillow doesn't read PDF; a whole one ends with its own mark."""
    with open(path, "rb") as file:
        start = file.read(5)
        file.seek(-8, os.SEEK_END)
        if start != b"%PDF-" or b"%%EOF" not in file.read():
            raise ValueError("the PDF that was written has no end")

"""A finished temp file: is it what it should be, is all of it there, and is it on the disk?"""

from __future__ import annotations

import os

from PIL import Image

from fileq.errors import ErrorKind, JobError, os_failures
from fileq.pictures.encoding import PILLOW_NAMES
from fileq.pictures.failures import writing
from fileq.units import Size

_ENDS = {
    "jpeg": b"\xff\xd9",
    "png": b"IEND\xae\x42\x60\x82",
    "gif": b";",
    "pdf": b"%%EOF",
}
"""The last bytes of a whole file. Pillow's encoders take a write that a full disk cuts short for a success."""

_STRIP_OFFSETS, _STRIP_LENGTHS = 273, 279


def check(path: str, format_: str, size: Size) -> None:
    """Raise JobError where the file at `path` is not whole, or has not this format and size."""
    with writing(path):
        _check_end(path, _ENDS.get(format_, b""))
        found = size if format_ == "pdf" else _size(path, format_)
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


def _check_end(path: str, end: bytes) -> None:
    with open(path, "rb") as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(max(0, length - len(end) - 1))
        if not length or not file.read().rstrip(b"\n").endswith(end):
            raise ValueError("the file that was written is cut off")


def _size(path: str, format_: str) -> Size:
    with Image.open(path, formats=[PILLOW_NAMES[format_]]) as image:
        if format_ == "tiff":
            _check_strips(path, image)
        return Size(*image.size)


def _check_strips(path: str, image: Image.Image) -> None:
    """Raise ValueError where a TIFF's pixels lie beyond its end."""
    tags = image.tag_v2  # type: ignore[attr-defined]  # a TIFF's
    ends = (offset + length for offset, length in zip(tags[_STRIP_OFFSETS], tags[_STRIP_LENGTHS], strict=True))
    if max(ends) > os.path.getsize(path):
        raise ValueError("the file that was written is cut off")

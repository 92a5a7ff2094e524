"""Open a source: safely, by its content, and only in the formats that are known to be harmless."""

import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from PIL import Image, ImageFile, UnidentifiedImageError

from fileq.errors import ErrorKind, JobError, os_failures
from fileq.pictures.failures import reading, too_large, unreadable

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "JPEG2000", "PSD", "QOI", "PPM", "ICO", "TGA")
"""What is tried on files that don't say in their first bytes that they are AVIF or HEIF.

EPS, PS, WMF and the like are not here and never will be: opening one runs another program.
"""


@contextmanager
def opened_file(path: str, size: int, mtime_ns: int) -> Iterator[BinaryIO]:
    """The source's file, open for reading, as it was added: of `size` and `mtime_ns` (-1 for any).

    Raises JobError: missing, permission, unreadable (not a file, or empty), changed.
    """
    with os_failures(path):
        about = os.stat(path)
        if not stat.S_ISREG(about.st_mode):
            raise JobError(ErrorKind.UNREADABLE, f"{path} is not a regular file.", "Add the pictures themselves.")
        file = open(path, "rb")  # noqa: SIM115  # closed below, after errors of opening are mapped
    with file:
        check_unchanged(file, path, size, mtime_ns)
        if not about.st_size:
            raise unreadable(path, "is empty: it has no bytes at all")
        yield file


def check_unchanged(file: BinaryIO, path: str, size: int, mtime_ns: int) -> None:
    """Raise JobError (changed) where the open file isn't of `size` and `mtime_ns` any more; -1 is for any."""
    with os_failures(path):
        now = os.fstat(file.fileno())
    if size not in (-1, now.st_size) or mtime_ns not in (-1, now.st_mtime_ns):
        raise JobError(ErrorKind.CHANGED, f"{path} has changed since it was added.", "Add it again.")


def open_picture(file: BinaryIO, path: str, max_pixels: int) -> ImageFile.ImageFile:
    """The picture in `file`, its header read and no pixel decoded.

    Pillow gets the file and not its path: it would map some formats into memory then, and a source that
    shrinks while it is read would kill the process.
    """
    Image.MAX_IMAGE_PIXELS = max_pixels // 2  # Pillow raises from twice this on
    with reading(path), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = Image.open(file, formats=FORMATS)
        except UnidentifiedImageError as error:
            raise unreadable(path, "is not a picture that fileq knows") from error
    if image.width * image.height > max_pixels:
        raise too_large(path)
    return image

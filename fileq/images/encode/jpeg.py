"""JPEG by Pillow, whose buffer is too small for noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PIL import ImageFile

if TYPE_CHECKING:
    from typing import BinaryIO

    from PIL.Image import Image

_MOST = 8  # bytes a pixel: noise of quality 100 takes 4


def save_jpeg(image: Image, file: BinaryIO, **options: Any) -> None:
    """Write an image to a file, with Pillow's options of JPEG. Raises OSError.

    Where an optimised or progressive one takes more than a byte a pixel, two from quality 95 on, Pillow 13 fails for
    lack of a buffer: it is then given a larger one.
    """
    start = file.tell()
    try:
        image.save(file, format="JPEG", **options)
    except OSError as error:
        if error.errno is not None:  # the disk's
            raise
        usual, ImageFile.MAXBLOCK = ImageFile.MAXBLOCK, _MOST * image.width * image.height + ImageFile.MAXBLOCK
        try:
            file.seek(start)
            file.truncate()
            image.save(file, format="JPEG", **options)
        finally:
            ImageFile.MAXBLOCK = usual

"""JPEG by Pillow, whose buffer is too small for noise: how it is encoded where nobody says how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PIL import ImageFile

if TYPE_CHECKING:
    from typing import BinaryIO

    from PIL.Image import Image

    from fileq.recipes.recipe import Output
    from fileq.units import Size

FULL_CHROMA, TINY = 90, 16
"""From this quality of JPEG on, and where a side has no more pixels than that, color has the resolution of light."""

_MOST = 8  # bytes a pixel: noise of quality 100 takes 4


def is_thorough(output: Output) -> bool:
    """Return whether an output's JPEG is encoded in more than one pass."""
    return output.effort is None or output.effort > 2


def choose_subsampling(output: Output, quality: int, size: Size) -> str:
    """Return the subsampling of a JPEG of this quality and size in pixels."""
    return output.subsampling or ("4:4:4" if quality >= FULL_CHROMA or min(size) <= TINY else "4:2:0")


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

"""Whether two files of one format show the same: each frame or page by its pixels, and how long it stays."""

from __future__ import annotations

import io
from itertools import zip_longest

from PIL import Image, ImageChops, ImageSequence

from fileq.images.errors import DAMAGE

_BAND = 2**22  # pixels that are looked at together: a whole large picture need not be there twice
_DIRECTLY = {"L", "RGB", "RGBA"}
_AS_IT_IS = {"CMYK", "LAB", "I;16", "I;16B", "I", "F", "YCbCr"}


def show_the_same(one: bytes, other: bytes, pillow_name: str) -> bool:
    """Return whether two files hold the same pixels in the same order. A file that can't be read shows nothing."""
    formats = [pillow_name]
    try:
        with (
            Image.open(io.BytesIO(one), formats=formats) as first,
            Image.open(io.BytesIO(other), formats=formats) as second,
        ):
            pairs = zip_longest(ImageSequence.Iterator(first), ImageSequence.Iterator(second))
            return all(a is not None and b is not None and _is_same_frame(a, b) for a, b in pairs)
    except (OSError, *DAMAGE):
        return False


def _is_same_frame(one: Image.Image, other: Image.Image) -> bool:
    one.load()
    other.load()
    if (one.size, one.info.get("duration", 0)) != (other.size, other.info.get("duration", 0)):
        return False
    rows = max(1, _BAND // max(1, one.width))
    boxes = ((0, top, one.width, min(top + rows, one.height)) for top in range(0, one.height, rows))
    return all(_is_same_picture(one.crop(box), other.crop(box)) for box in boxes)


def _is_same_picture(one: Image.Image, other: Image.Image) -> bool:
    """Return whether two pictures look the same: palettes, and more bits than are needed, make no difference."""
    if not _AS_IT_IS.isdisjoint((one.mode, other.mode)):
        return one.mode == other.mode and one.tobytes() == other.tobytes()
    if one.mode == other.mode and one.mode in _DIRECTLY and _is_equal(one, other):
        return True
    one, other = one.convert("RGBA"), other.convert("RGBA")
    return _is_equal(one, other) or _is_equal(_without_hidden_colors(one), _without_hidden_colors(other))


def _is_equal(one: Image.Image, other: Image.Image) -> bool:
    """Return whether no value is another one: by Pillow, at a third of the time that digests of the bytes take."""
    return ImageChops.difference(one, other).getbbox(alpha_only=False) is None


def _without_hidden_colors(image: Image.Image) -> Image.Image:
    """Return the picture without the colours of what is all transparent, which formats of palettes have none of."""
    hidden = image.getchannel("A").point([255] + [0] * 255)
    if hidden.getbbox() is not None:
        image.paste((0, 0, 0, 0), mask=hidden)
    return image

"""Pictures of an animated GIF without what the canvas shows already: cut to what changes, the rest transparent."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fileq.images.lossless.gif import GifPicture
    from fileq.units import Size

_CLEAR, _RESTORE = 2, 3  # what becomes of a picture when the next one comes (GIF89a, 23)


class _Canvas:
    """What is seen: colours, and where there are any."""

    def __init__(self, size: Size) -> None:
        self.colors = Image.new("RGB", size)
        self.drawn = Image.new("L", size)

    def copy(self) -> tuple[Image.Image, Image.Image]:
        return self.colors.copy(), self.drawn.copy()


def only_changes(pictures: Sequence[GifPicture], palette: bytes, size: Size) -> Iterator[GifPicture]:
    """Yield the pictures, each showing what it did. `palette` is shared, `size` the canvas's in pixels.

    The first one stays whole: some programs take the size from it. Raises ValueError where a picture lies outside of
    the canvas: programs don't agree on what that shows.
    """
    canvas = _Canvas(size)
    for picture in pictures:
        left, top, width, height = struct.unpack("<4H", picture.descriptor[1:9])
        box = (left, top, left + width, top + height)
        if box[2] > size[0] or box[3] > size[1] or picture.indices.size != (width, height):
            raise ValueError("a picture lies outside of the canvas")
        colors = _colors(picture, picture.palette or palette)
        shown = picture.indices.point([0 if index == picture.transparent else 255 for index in range(256)])
        drawn = canvas.drawn.crop(box)
        same = _unchanged(colors, canvas.colors.crop(box), ImageChops.darker(shown, drawn))
        needed = ImageChops.lighter(shown, drawn) if picture.disposal == _CLEAR else ImageChops.subtract(shown, same)
        yield picture if picture is pictures[0] else _without(picture, same, needed.getbbox(), palette)
        before = canvas.copy() if picture.disposal == _RESTORE else None
        canvas.colors.paste(colors, box, shown)
        canvas.drawn.paste(255, box, shown)
        if before is not None:
            canvas.colors, canvas.drawn = before
        elif picture.disposal == _CLEAR:
            canvas.drawn.paste(0, box)


def _colors(picture: GifPicture, palette: bytes) -> Image.Image:
    indexed = Image.frombytes("P", picture.indices.size, picture.indices.tobytes())
    indexed.putpalette(palette)
    return indexed.convert("RGB")


def _unchanged(colors: Image.Image, below: Image.Image, both: Image.Image) -> Image.Image:
    """Return in white where the colours are those below, and `both` are seen."""
    red, green, blue = ImageChops.difference(colors, below).split()
    differs = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return ImageChops.darker(differs.point([255] + [0] * 255), both)


def _without(
    picture: GifPicture, same: Image.Image, needed: tuple[int, int, int, int] | None, palette: bytes
) -> GifPicture:
    """Return the picture in the smallest of its forms: as it is, cut, or cut with what is the same transparent."""
    box = needed or (0, 0, 1, 1)
    cut, same = picture.cropped(box), same.crop(box)
    forms = [picture, cut]
    clear = cut.transparent if cut.transparent is not None else cut.find_free_index(palette)
    if clear is not None and same.getbbox() is not None:
        indices = cut.indices.copy()
        indices.paste(clear, mask=same)
        forms.append(replace(cut.with_transparent(clear), indices=indices, block=b""))
    return min(forms, key=lambda form: len(form.write()))

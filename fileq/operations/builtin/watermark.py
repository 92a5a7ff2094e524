"""Watermarks: a text or a picture laid over a picture."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from fileq.operations.base import Operation, path_in
from fileq.operations.builtin.mark import draw_text_mark, load_picture_mark
from fileq.operations.color import parse_color
from fileq.operations.gravity import Gravity, gravity_offset
from fileq.units import Size

if TYPE_CHECKING:
    from PIL.Image import Image


class Watermark(Operation, frozen=True, kw_only=True):
    """Lays a text or a picture over a picture. Give exactly one of `text` and `picture`.

    text: one line or several; it gets a thin outline, so that it shows on every ground
    picture: the path of a picture, seen from the config's folder; with transparency best
    size: the mark's width, as a share of the picture's, from 0.01 to 1 (0.25)
    gravity: where it lies ("southeast")
    margin: its distance from the edge, as a share of the picture's shorter side, up to 0.4 (0.03)
    opacity: from 0, not to be seen, to 1 (0.5)
    tiled: all over the picture (false)
    color: of the text: a CSS name or "#rrggbb" ("white")
    font: of the text: a font file, or its name in the system; letters beyond Latin need one (Aileron, built in)

    { op = "watermark", text = "© Ann Smith", gravity = "southeast" }
    """

    text: str | None = None
    picture: str | None = None
    share: float = msgspec.field(default=0.25, name="size")
    gravity: Gravity = "southeast"
    margin: float = 0.03
    opacity: float = 0.5
    tiled: bool = False
    color: str = "white"
    font: str | None = None

    def __post_init__(self) -> None:
        if (self.text is not None) + (self.picture is not None) != 1:
            raise ValueError("watermark needs exactly one of text and picture")
        if not (self.text or self.picture or "").strip() or len(self.text or "") > 1000:
            raise ValueError("watermark needs a text of 1 to 1000 letters, or the path of a picture")
        if not 0.01 <= self.share <= 1:
            raise ValueError("size is a share of the picture's width, from 0.01 to 1")
        if not 0 <= self.margin <= 0.4:
            raise ValueError("margin is a share of the picture's shorter side, from 0 to 0.4")
        if not 0 <= self.opacity <= 1:
            raise ValueError("opacity is a share from 0 to 1")
        if self.font is not None and self.text is None:
            raise ValueError("font is for a text; with a picture it has no meaning")
        parse_color(self.color)

    def located(self, folder: str) -> Watermark:
        picture = self.picture and path_in(folder, self.picture)
        font = self.font
        if font is not None and (os.sep in font or font.startswith("~") or os.path.isfile(path_in(folder, font))):
            font = path_in(folder, font)  # else it is a font's name in the system
        return msgspec.structs.replace(self, picture=picture, font=font)

    def apply(self, image: Image) -> Image:
        mark, place = self._place_mark(Size(*image.size))
        if image.mode in ("LA", "RGBA"):
            marked = image.convert("RGBA")
            marked.alpha_composite(mark, place)
        else:
            marked = image.convert("RGB")
            marked.paste(mark, place, mark)
        return marked.convert(image.mode) if self._is_gray and image.mode in ("L", "LA") else marked

    def coverage(self, size: Size) -> Image:
        """Return how much the mark covers of a picture of `size` pixels: mode L, 255 for what is not seen any more."""
        from PIL.Image import new

        layer = new("L", size)
        mark, place = self._place_mark(size)
        layer.paste(mark.getchannel("A"), place)
        return layer

    def _place_mark(self, size: Size) -> tuple[Image, tuple[int, int]]:
        """Return the mark, as transparent as it is to be, and where its left top corner lies."""
        mark, place = self._lay_mark(size)
        mark.putalpha(mark.getchannel("A").point([round(value * self.opacity) for value in range(256)]))
        return mark, place

    def _lay_mark(self, size: Size) -> tuple[Image, tuple[int, int]]:
        """Return a mark that may be changed, and where its left top corner lies."""
        margin = round(self.margin * min(size))
        room = Size(max(1, size.width - 2 * margin), max(1, size.height - 2 * margin))
        mark = self._make_mark(Size(max(1, min(room.width, round(self.share * size.width))), room.height))
        if self.tiled:
            return _tile(mark, size), (0, 0)
        left, top = gravity_offset(self.gravity, (room.width - mark.width, room.height - mark.height))
        return mark.copy(), (margin + left, margin + top)

    def _make_mark(self, within: Size) -> Image:
        if self.text is not None:
            return draw_text_mark(self.text, self.font, parse_color(self.color), within)
        return load_picture_mark(os.path.expanduser(self.picture or ""), within)

    @property
    def _is_gray(self) -> bool:
        return self.text is not None and parse_color(self.color).is_gray


def _tile(mark: Image, size: Size) -> Image:
    """Return a layer with the mark over and over, with space around, every other row shifted by half a step."""
    from PIL.Image import new

    layer = new("RGBA", size)
    step = Size(mark.width * 3 // 2 + 1, mark.height * 5 // 2 + 1)
    for row, top in enumerate(range(mark.height * 3 // 4, size.height, step.height)):
        shift = step.width // 2 if row % 2 else 0
        for left in range(mark.width // 4 - shift, size.width, step.width):
            layer.paste(mark, (left, top))
    return layer

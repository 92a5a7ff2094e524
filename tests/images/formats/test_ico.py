"""Icons with several pictures: the one that Chromium shows."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from fileq.recipes.recipe import Output
from tests.support.images import close, make, pixel_of, recipe

COLORS = {4: (255, 0, 0), 8: (0, 128, 0), 24: (0, 0, 255), 32: (200, 100, 0), "png": (10, 20, 30)}


def picture(kind: int | str, side: int) -> bytes:
    """One picture of an icon, all of the color of its kind: a bitmap with its mask, or a PNG."""
    image = Image.new("RGBA", (side, side), (*COLORS[kind], 255))
    if kind == "png":
        content = io.BytesIO()
        image.save(content, "PNG")
        return content.getvalue()
    assert isinstance(kind, int)
    colors = b"" if kind > 8 else bytes((*reversed(COLORS[kind]), 0)) * 2**kind
    header = struct.pack("<IiiHHIIiiII", 40, side, 2 * side, 1, kind, 0, 0, 0, 0, 0, 0)
    row = {4: bytes(side // 2), 8: bytes(side), 24: image.convert("RGB").tobytes("raw", "BGR")[: side * 3]}.get(
        kind, image.tobytes("raw", "BGRA")[: side * 4]
    )
    mask = bytes(-(-side // 32) * 4) * side
    return header + colors + row * side + mask


def icon(kinds: list[tuple[int | str, int]], *, says_depth: bool) -> bytes:
    pictures = [picture(*kind) for kind in kinds]
    at, entries = 6 + 16 * len(pictures), b""
    for (kind, side), content in zip(kinds, pictures, strict=True):
        depth = kind if isinstance(kind, int) and says_depth else 0
        few = 16 if kind == 4 else 0
        entries += struct.pack("<BBBBHHII", side, side, few, 0, 1, depth, len(content), at)
        at += len(content)
    return struct.pack("<HHH", 0, 1, len(pictures)) + entries + b"".join(pictures)


LISTS: list[list[tuple[int | str, int]]] = [
    [(4, 32), (8, 32)], [(8, 32), (4, 32)], [(4, 32), (8, 32), (24, 32), (32, 32), (32, 16)],
    [(32, 32), (8, 32), (4, 64)], [(8, 32), (24, 32)], [("png", 32), (8, 32)], [(8, 16), (4, 32)],
]  # fmt: skip


@pytest.mark.parametrize("kinds", LISTS, ids=str)
def test_the_picture_that_chromium_shows_is_taken(tmp_path, browser, kinds):
    (tmp_path / "x.ico").write_bytes(icon(kinds, says_depth=True))
    made = make(tmp_path / "x.ico", recipe(Output(name="o.png")), tmp_path / "out")
    shown = browser.draw(tmp_path / "x.ico", "image/x-icon")
    assert made.image.size == shown.size
    assert close(pixel_of(made.image.convert("RGB"), (5, 5)), pixel_of(shown.convert("RGB"), (5, 5)), by=1)


@pytest.mark.parametrize("kinds", LISTS, ids=str)
def test_the_picture_with_the_most_colors_is_taken_where_the_list_says_nothing(tmp_path, kinds):
    (tmp_path / "x.ico").write_bytes(icon(kinds, says_depth=False))
    made = make(tmp_path / "x.ico", recipe(Output(name="o.png")), tmp_path / "out")
    best = max(kinds, key=lambda kind: (kind[1], list(COLORS).index(kind[0])))
    assert made.image.size == (best[1], best[1])
    assert close(pixel_of(made.image.convert("RGB"), (5, 5)), COLORS[best[0]], by=1)

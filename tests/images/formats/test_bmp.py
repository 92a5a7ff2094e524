"""Bit fields and alpha of Windows bitmaps, in all headers: against Chromium."""

from __future__ import annotations

import functools
import operator
import struct
from collections.abc import Sequence

import pytest
from PIL import Image

from fileq.errors import ErrorKind
from fileq.recipes.recipe import Output
from tests.support.images import close, failure, make, pixel_of, recipe

HEADERS = (40, 52, 56, 108, 124)
RAW, FIELDS, ALPHA_FIELDS = 0, 3, 6
WIDTH, HEIGHT = 5, 3
LAYOUTS = {
    "565": (16, (0xF800, 0x7E0, 0x1F, 0)),
    "555": (16, (0x7C00, 0x3E0, 0x1F, 0)),
    "1555": (16, (0x7C00, 0x3E0, 0x1F, 0x8000)),
    "4444": (16, (0xF00, 0xF0, 0xF, 0xF000)),
    "332": (16, (0xE0, 0x1C, 0x3, 0)),
    "no blue": (16, (0xF800, 0x7E0, 0, 0)),
    "x888": (32, (0xFF0000, 0xFF00, 0xFF, 0)),
    "8888": (32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
    "8888 with red first": (32, (0xFF, 0xFF00, 0xFF0000, 0xFF000000)),
    "8888 with alpha first": (32, (0xFF000000, 0xFF0000, 0xFF00, 0xFF)),
    "7777": (32, (0xFE0000, 0xFE00, 0xFE, 0xFE000000)),
    "1010102": (32, (0x3FF00000, 0xFFC00, 0x3FF, 0xC0000000)),
    "11 11 10": (32, (0xFFE00000, 0x1FFC00, 0x3FF, 0)),
    "overlapping": (16, (0x7C00, 0x3E0, 0x3F, 0)),
    "no masks": (32, (0, 0, 0, 0)),
}
PNG = recipe(Output(name="o.png"))


def bitmap(header: int, compression: int, layout: tuple[int, Sequence[int]], *, top_down: bool = False) -> bytes:
    """A ramp in each channel, in another direction each, alpha by columns."""
    bits, masks = layout
    levels = [
        (x / (WIDTH - 1), y / (HEIGHT - 1), 1 - x / (WIDTH - 1), (x % 3) / 2)
        for y in range(HEIGHT)
        for x in range(WIDTH)
    ]
    pixels = [functools.reduce(operator.or_, map(placed, pixel, masks)) for pixel in levels]
    stride = (WIDTH * bits + 31) // 32 * 4
    rows = [
        b"".join(pixel.to_bytes(bits // 8, "little") for pixel in pixels[y * WIDTH : (y + 1) * WIDTH]).ljust(
            stride, b"\0"
        )
        for y in range(HEIGHT)
    ]
    content = b"".join(rows if top_down else reversed(rows))
    packed = struct.pack("<4I", *masks)
    short = {FIELDS: packed[:12], ALPHA_FIELDS: packed}.get(compression, b"")
    rest = short if header == 40 else (packed + b"BGRs".ljust(68, b"\0"))[: header - 40]
    size = WIDTH, -HEIGHT if top_down else HEIGHT
    head = struct.pack("<IiiHHIIiiII", header, *size, 1, bits, compression, len(content), 2835, 2835, 0, 0) + rest
    offset = 14 + len(head)
    return b"BM" + struct.pack("<IHHI", offset + len(content), 0, 0, offset) + head + content


def placed(level: float, mask: int) -> int:
    lowest = mask & -mask
    return round(level * (mask // lowest)) * lowest if mask else 0


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("compression", [RAW, FIELDS, ALPHA_FIELDS])
@pytest.mark.parametrize("top_down", [False, True])
def test_a_bitmap_looks_as_in_a_browser(tmp_path, browser, name, compression, top_down):
    for header in HEADERS:
        if (header, compression) == (52, ALPHA_FIELDS):  # alpha, and no place to say where
            continue
        path = tmp_path / "x.bmp"
        path.write_bytes(bitmap(header, compression, LAYOUTS[name], top_down=top_down))
        shown = browser.decode(path, "image/bmp")
        assert shown is not None
        made = make(path, PNG, tmp_path / "out").image.convert("RGBA")
        for place in ((x, y) for x in range(WIDTH) for y in range(HEIGHT)):
            found, wanted = pixel_of(made, place), pixel_of(shown.frames[0], place)
            assert found[3] == wanted[3], (header, place)
            assert not found[3] or close(found, wanted, 5 * 255 // found[3]), (header, place)


def test_bit_fields_with_gaps_are_no_picture(tmp_path, browser):
    plain, gaps = (struct.pack("<3I", *masks) for masks in ((0xF800, 0x7E0, 0x1F), (0xF0F0, 0xF00, 0xF)))
    (tmp_path / "x.bmp").write_bytes(bitmap(40, FIELDS, LAYOUTS["565"]).replace(plain, gaps))
    assert browser.decode(tmp_path / "x.bmp", "image/bmp") is None
    assert failure(tmp_path / "x.bmp", PNG, tmp_path / "out")[0] is ErrorKind.UNSUPPORTED


@pytest.mark.parametrize("name", ["565", "1010102"])
def test_a_bitmap_of_bit_fields_that_is_cut_off_is_unreadable(tmp_path, name):
    (tmp_path / "x.bmp").write_bytes(bitmap(124, FIELDS, LAYOUTS[name])[:-3])
    kind, message = failure(tmp_path / "x.bmp", PNG, tmp_path / "out")
    assert kind is ErrorKind.UNREADABLE
    assert "cut off" in message


def test_a_bitmap_of_bit_fields_with_too_many_pixels_is_too_large(tmp_path):
    (tmp_path / "x.bmp").write_bytes(bitmap(124, FIELDS, LAYOUTS["1010102"]))
    assert failure(tmp_path / "x.bmp", PNG, tmp_path / "out", max_pixels=WIDTH * HEIGHT - 1)[0] is ErrorKind.TOO_LARGE


@pytest.mark.parametrize("bits", [1, 8, 24, 32])
@pytest.mark.parametrize(("place", "side"), [(18, -60), (18, 0), (18, -(2**31)), (22, 0), (22, -(2**31))])
def test_a_bitmap_with_sides_that_no_picture_has_is_damaged(tmp_path, bits, place, side):
    Image.new({1: "1", 8: "L", 24: "RGB", 32: "RGBA"}[bits], (60, 40)).save(tmp_path / "x.bmp")
    content = bytearray((tmp_path / "x.bmp").read_bytes())
    struct.pack_into("<i", content, place, side)
    (tmp_path / "x.bmp").write_bytes(content)
    kind, message = failure(tmp_path / "x.bmp", recipe(Output()), tmp_path / "out")
    assert kind is ErrorKind.UNREADABLE
    assert f"{side} pixels wide" in message or f"{side} high" in message

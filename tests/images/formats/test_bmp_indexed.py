"""Bitmaps with a palette: all depths and headers, and packed with pixels left out. Against Chromium."""

from __future__ import annotations

import struct

import pytest

from fileq.errors import ErrorKind
from fileq.recipes.recipe import Output
from tests.support.images import failure, make, recipe

WIDTH, HEIGHT = 5, 4
COLORS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), *((at, 2 * at % 256, 255 - at) for at in range(4, 256))]
PNG = recipe(Output(name="o.png"))
RAW, RLE8, RLE4, JPEG, IN_PNG = 0, 1, 2, 4, 5
HEADERS = [16, 20, 32, 40, 44, 52, 56, 64, 108, 124]


def palette(count: int) -> bytes:
    return b"".join(bytes([blue, green, red, 0]) for red, green, blue in COLORS[:count])


def rows(bits: int) -> list[bytes]:
    """Diagonals of the first colors, packed, each row padded to 4 bytes."""
    packed = []
    for y in range(HEIGHT):
        row = "".join(f"{(x + 2 * y) % min(4, 1 << bits):0{bits}b}" for x in range(WIDTH))
        row += "0" * (-len(row) % 32)
        packed.append(int(row, 2).to_bytes(len(row) // 8, "big"))
    return packed


def bitmap(
    bits: int,
    content: bytes,
    *,
    header: int = 40,
    packing: int = RAW,
    used: int = 0,
    colors: int = 0,
    top_down: bool = False,
) -> bytes:
    height = -HEIGHT if top_down else HEIGHT
    whole = struct.pack("<IiiHHIIiiII", header, WIDTH, height, 1, bits, packing, 0, 2835, 2835, used, 0)
    head = whole[:header].ljust(header, b"\0") + palette(colors or 1 << bits)
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(content), 0, 0, 14 + len(head)) + head + content


def check(tmp_path, browser, content: bytes) -> None:
    """Have it come out as in the browser."""
    (tmp_path / "x.bmp").write_bytes(content)
    shown = browser.decode(tmp_path / "x.bmp", "image/bmp")
    assert shown is not None
    made = make(tmp_path / "x.bmp", PNG, tmp_path / "out").image
    assert made.convert("RGBA").tobytes() == shown.frames[0].tobytes()


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("top_down", [False, True])
def test_a_palette_of_any_depth_is_read_with_any_header(tmp_path, browser, bits, header, top_down):
    lines = rows(bits)
    check(
        tmp_path,
        browser,
        bitmap(bits, b"".join(lines if top_down else reversed(lines)), header=header, top_down=top_down),
    )


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize(("used", "colors"), [(3, 3), (300, 0), (0, 0)])
def test_a_palette_may_have_fewer_colors_and_say_that_it_has_more(tmp_path, browser, bits, used, colors):
    check(tmp_path, browser, bitmap(bits, b"".join(rows(bits)), used=used, colors=min(colors, 1 << bits)))


RUNS = {
    "runs": bytes([5, 1, 0, 0, 3, 2, 2, 1, 0, 0, 5, 3, 0, 0, 1, 1, 4, 2, 0, 0, 0, 1]),
    "single pixels": b"".join(bytes([0, 5, 1, 2, 3, 0, 1, 0, 0, 0]) for _ in range(HEIGHT)) + b"\0\1",
    "a move": bytes([3, 1, 0, 2, 1, 1, 1, 2, 0, 0, 5, 3, 0, 0, 0, 1]),
    "short rows": bytes([2, 1, 0, 0, 5, 2, 0, 0, 1, 3, 0, 0, 5, 0, 0, 1]),
    "an early end": bytes([5, 1, 0, 0, 2, 2, 0, 1]),
    "no ends of rows": bytes([5, 1, 5, 2, 5, 3, 5, 0, 0, 1]),
    "more than a row": bytes([9, 1, 0, 0, 5, 2, 0, 0, 5, 3, 0, 0, 5, 0, 0, 1]),
    "no end": bytes([5, 1, 0, 0, 5, 2, 0, 0, 5, 3, 0, 0, 5, 0, 0, 0]),
}
NIBBLES = {
    "runs": b"".join(bytes([5, 0x12, 0, 0]) for _ in range(HEIGHT)) + b"\0\1",
    "single pixels": b"".join(bytes([0, 5, 0x12, 0x30, 0x10, 0, 0, 0]) for _ in range(HEIGHT)) + b"\0\1",
    "a move": bytes([2, 0x11, 0, 2, 1, 0, 2, 0x22, 0, 0, 5, 0x33, 0, 2, 0, 1, 1, 0x11, 0, 1]),
}


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("top_down", [False, True])
def test_what_is_packed_in_8_bits_is_read(tmp_path, browser, name, top_down):
    check(tmp_path, browser, bitmap(8, RUNS[name], packing=RLE8, top_down=top_down))


@pytest.mark.parametrize("name", NIBBLES)
def test_what_is_packed_in_4_bits_is_read(tmp_path, browser, name):
    check(tmp_path, browser, bitmap(4, NIBBLES[name], packing=RLE4))


@pytest.mark.parametrize(("bits", "packing", "content"), [(8, RLE8, RUNS["runs"]), (2, RAW, b"".join(rows(2)))])
def test_one_that_is_cut_off_is_unreadable(tmp_path, bits, packing, content):
    (tmp_path / "x.bmp").write_bytes(bitmap(bits, content[: len(content) // 2], packing=packing))
    kind, message = failure(tmp_path / "x.bmp", PNG, tmp_path / "out")
    assert kind is ErrorKind.UNREADABLE
    assert "cut off" in message


@pytest.mark.parametrize(("packing", "name"), [(JPEG, "JPEG"), (IN_PNG, "PNG")])
def test_a_whole_picture_in_a_bitmap_is_not_said_to_be_damaged(tmp_path, packing, name):
    (tmp_path / "x.bmp").write_bytes(bitmap(0, b"whatever", packing=packing))
    kind, message = failure(tmp_path / "x.bmp", PNG, tmp_path / "out")
    assert kind is ErrorKind.UNSUPPORTED
    assert f"packed as {name}" in message

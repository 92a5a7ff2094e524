"""PNG's transparent color, at every color type and depth that may have one: against the standard, and a browser."""

import random
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from fileq.recipes.recipe import Output
from tests.support.images import make, recipe

GRAY, RGB, PALETTE = 0, 2, 3
SIDE = 16
Pixel = tuple[int, ...]


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def packed(samples: Sequence[int], depth: int) -> bytes:
    bits = "".join(f"{sample:0{depth}b}" for sample in samples)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def write_png(path: Path, color_type: int, depth: int, rows: Sequence[Sequence[Pixel]], *chunks: bytes) -> None:
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), depth, color_type, 0, 0, 0)
    content = b"".join(b"\0" + packed([sample for pixel in row for sample in pixel], depth) for row in rows)
    whole = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", zlib.compress(content)), chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(whole))


def drawn(color_type: int, depth: int) -> list[list[Pixel]]:
    """Pixels by chance: every fifth has the first's color, and some differ from it in the last bit alone."""
    chance, top = random.Random(depth), 2**depth - 1
    channels = 3 if color_type == RGB else 1
    first = tuple(chance.randint(0, top) for _ in range(channels))
    near = (*first[:-1], first[-1] ^ 1)
    choices = [first, near, *(tuple(chance.randint(0, top) for _ in range(channels)) for _ in range(3))]
    rows = [[chance.choice(choices) for _ in range(SIDE)] for _ in range(SIDE)]
    rows[0][0] = first
    return rows


def seen(pixel: Pixel, depth: int, transparent: Pixel) -> Pixel:
    """What the standard has a viewer show: 8 bits a channel, and alpha."""
    levels = [round(sample * 255 / (2**depth - 1)) for sample in pixel]
    return (*(levels * 3)[: 3 if len(levels) == 1 else len(levels)], 0 if pixel == transparent else 255)


@pytest.mark.parametrize(
    ("color_type", "depth"), [(GRAY, 1), (GRAY, 2), (GRAY, 4), (GRAY, 8), (GRAY, 16), (RGB, 8), (RGB, 16)]
)
@pytest.mark.parametrize("target", ["png", "webp"])
def test_exactly_the_pixels_of_the_transparent_color_are_transparent(tmp_path, color_type, depth, target):
    rows = drawn(color_type, depth)
    transparent = rows[0][0]
    write_png(
        tmp_path / "x.png", color_type, depth, rows, chunk(b"tRNS", struct.pack(f">{len(transparent)}H", *transparent))
    )
    made = make(tmp_path / "x.png", recipe(Output(name=f"o.{target}", lossless=True)), tmp_path / "out").image
    image = made.convert("RGBA")
    for y, row in enumerate(rows):
        for x, pixel in enumerate(row):
            expected, found = seen(pixel, depth, transparent), image.getpixel((x, y))
            assert isinstance(found, tuple)
            assert found[3] == expected[3], (x, y, pixel)
            if found[3]:
                assert max(abs(one - other) for one, other in zip(found, expected, strict=True)) <= 1, (x, y, pixel)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_a_palette_keeps_the_transparency_of_each_entry(tmp_path, depth):
    colors = [(17 * number % 256, 5 * number % 256, 255 - number) for number in range(2**depth)]
    alphas = bytes((37 * number) % 256 for number in range(len(colors)))
    rows = [[((x + y) % len(colors),) for x in range(SIDE)] for y in range(SIDE)]
    chunks = chunk(b"PLTE", bytes(level for color in colors for level in color)), chunk(b"tRNS", alphas)
    write_png(tmp_path / "x.png", PALETTE, depth, rows, *chunks)
    image = make(tmp_path / "x.png", recipe(Output(name="o.png")), tmp_path / "out").image.convert("RGBA")
    for y, row in enumerate(rows):
        for x, (entry,) in enumerate(row):
            found = image.getpixel((x, y))
            assert isinstance(found, tuple)
            assert found[3] == alphas[entry]
            assert found[:3] == colors[entry] or not alphas[entry]


def test_bits_of_the_transparent_gray_beyond_its_depth_mean_nothing(tmp_path):
    rows = [[(level,) for level in range(4)]]
    write_png(tmp_path / "x.png", GRAY, 2, rows, chunk(b"tRNS", struct.pack(">H", 0b1101)))
    image = make(tmp_path / "x.png", recipe(Output(name="o.png")), tmp_path / "out").image.convert("RGBA")
    assert image.getchannel("A").tobytes() == bytes([255, 0, 255, 255])


def test_16_bits_that_became_8_for_the_transparency_are_said(tmp_path):
    rows = drawn(GRAY, 16)
    write_png(tmp_path / "x.png", GRAY, 16, rows, chunk(b"tRNS", struct.pack(">H", rows[0][0][0])))
    made = make(tmp_path / "x.png", recipe(Output(name="o.png")), tmp_path / "out")
    assert made.notes == ("Its 16 bits became 8, to keep what is transparent.",)

"""Targa whose packets end with a row or go on into the next, in every direction and depth."""

from __future__ import annotations

import struct

import pytest
from PIL import Image

from fileq.errors import ErrorKind
from fileq.recipes.recipe import Output
from tests.support.images import failure, make, recipe
from tests.support.judges import convert, needs_imagemagick

WIDTH, HEIGHT = 7, 5
PNG = recipe(Output(name="o.png"))
GRAY, COLOR, INDEXED = 11, 10, 9
TOP_FIRST, RIGHT_FIRST = 0x20, 0x10
FOOTER = bytes(8) + b"TRUEVISION-XFILE.\0"
DEPTHS = [(GRAY, 8), (COLOR, 24), (COLOR, 32), (INDEXED, 8)]
PALETTE = bytes(level for number in range(8) for level in (number * 30, 255 - number * 20, number))


def pixels(depth: int) -> list[bytes]:
    """Runs of some length, and pixels that differ, by the rows."""
    levels = [min(at // 6, 3) + (at % 2) * (at > 20) for at in range(WIDTH * HEIGHT)]
    return [bytes([level, level + 1, 2 * level, 255][: depth // 8]) for level in levels]


def packed(content: list[bytes], lengths: list[int]) -> bytes:
    """Packets of these lengths over and over: runs where all pixels are equal."""
    packets, at, number = b"", 0, 0
    while at < len(content):
        part = content[at : at + lengths[number % len(lengths)]]
        is_run = len(set(part)) == 1
        packets += bytes([(0x80 if is_run else 0) | len(part) - 1]) + (part[0] if is_run else b"".join(part))
        at, number = at + len(part), number + 1
    return packets


def tga(kind: int, depth: int, packets: bytes, flags: int = 0, *, end: bytes = b"") -> bytes:
    has_palette = kind == INDEXED
    palette = struct.pack("<HHB", 0, 8, 24) if has_palette else bytes(5)
    head = (
        struct.pack("<BBB", 0, has_palette, kind) + palette + struct.pack("<HHHHBB", 0, 0, WIDTH, HEIGHT, depth, flags)
    )
    return head + (PALETTE if has_palette else b"") + packets + end


@pytest.mark.parametrize(("kind", "depth"), DEPTHS)
@pytest.mark.parametrize("flags", [0, TOP_FIRST, RIGHT_FIRST, TOP_FIRST | RIGHT_FIRST])
@pytest.mark.parametrize("lengths", [[3], [5, 1], [WIDTH + 1], [20], [128], [2, 9, 4]], ids=str)
@pytest.mark.parametrize("end", [b"", FOOTER], ids=["no footer", "footer"])
def test_packets_may_go_on_into_the_next_row(tmp_path, kind, depth, flags, lengths, end):
    files = {"x": packed(pixels(depth), lengths)}
    files["plain"] = b"".join(packed(pixels(depth)[at : at + WIDTH], [WIDTH]) for at in range(0, WIDTH * HEIGHT, WIDTH))
    images = []
    for name, packets in files.items():
        (tmp_path / f"{name}.tga").write_bytes(tga(kind, depth, packets, flags, end=end))
        made = make(tmp_path / f"{name}.tga", PNG, tmp_path / name)
        assert made.notes == ()
        images.append(made.image.convert("RGBA").tobytes())
    assert images[0] == images[1]


@needs_imagemagick
@pytest.mark.parametrize(("kind", "depth"), DEPTHS)
@pytest.mark.parametrize("flags", [0, TOP_FIRST])
def test_they_look_as_imagemagick_has_them(tmp_path, kind, depth, flags):
    (tmp_path / "x.tga").write_bytes(tga(kind, depth, packed(pixels(depth), [10]), flags | (8 if depth == 32 else 0)))
    made = make(tmp_path / "x.tga", PNG, tmp_path / "out").image.convert("RGB")
    with Image.open(convert(tmp_path / "x.tga", "-auto-orient", to=tmp_path / "judged.png")) as judged:
        assert made.tobytes() == judged.convert("RGB").tobytes()


@pytest.mark.parametrize("missing", [1, 2, 10])
def test_packets_that_end_early_are_damage(tmp_path, missing):
    (tmp_path / "x.tga").write_bytes(tga(COLOR, 24, packed(pixels(24), [10])[:-missing]))
    assert failure(tmp_path / "x.tga", PNG, tmp_path / "out")[0] is ErrorKind.UNREADABLE

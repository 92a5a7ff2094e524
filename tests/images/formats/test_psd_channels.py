"""Photoshop documents with more channels than their colours have, such as saved selections: they look the same."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from fileq.recipes.recipe import Output
from tests.support.images import make, photo, recipe

if TYPE_CHECKING:
    from pathlib import Path

COLOR_MODES = {"L": 1, "RGB": 3, "CMYK": 4, "LAB": 9}


def packed_row(row: bytes) -> bytes:
    """A row as PackBits has it, of stretches that are not packed."""
    parts = [row[at : at + 128] for at in range(0, len(row), 128)]
    return b"".join(bytes([len(part) - 1]) + part for part in parts)


def write(path: Path, image: Image.Image, extra: int, *, is_packed: bool) -> None:
    """Write the flattened picture of a document with so many channels more."""
    bands = [band.tobytes() for band in image.split()] + [bytes(range(256)) * 12] * extra
    if image.mode == "CMYK":
        bands = [bytes(255 - level for level in band) for band in bands]
    width, height = image.size
    rows = [band[at : at + width] for band in bands for at in range(0, width * height, width)]
    rows = [packed_row(row) for row in rows] if is_packed else rows
    lengths = b"".join(struct.pack(">H", len(row)) for row in rows) if is_packed else b""
    mode = COLOR_MODES[image.mode]
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 1, len(bands), height, width, 8, mode) + bytes(12)
    path.write_bytes(header + struct.pack(">H", is_packed) + lengths + b"".join(rows))


@pytest.mark.parametrize("mode", COLOR_MODES)
@pytest.mark.parametrize("is_packed", [True, False])
@pytest.mark.parametrize("extra", [1, 2, 3])
def test_channels_beside_the_colors_change_nothing(tmp_path, mode, is_packed, extra):
    image = photo((64, 48)) if mode != "LAB" else Image.merge("LAB", photo((64, 48)).split())
    image = image.convert(mode)
    looks = []
    for count in (0, extra):
        write(tmp_path / "x.psd", image, count, is_packed=is_packed)
        made = make(tmp_path / "x.psd", recipe(Output(name="o.png")), tmp_path / f"{count}")
        looks.append(made.image.convert("RGB").tobytes())
    assert looks[0] == looks[1]

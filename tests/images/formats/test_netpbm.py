"""Netpbm files as ImageMagick reads them."""

from __future__ import annotations

import pytest
from PIL import Image

from fileq.recipes.recipe import Output
from tests.support.images import make, recipe
from tests.support.judges import convert, needs_imagemagick

PIXELS = bytes(range(10, 22))


@needs_imagemagick
@pytest.mark.parametrize(
    "header",
    [
        b"P6#by hand\n2 2\n255\n",
        b"P6#by hand\r2#wide\n 2 255\n",
        b"P6\n#by hand\n2 2\n255\n",
        b"P6 2 #wide\n2 #high\n255\n",
    ],
)
def test_comments_stand_anywhere_in_a_header(tmp_path, header):
    (tmp_path / "x.ppm").write_bytes(header + PIXELS)
    made = make(tmp_path / "x.ppm", recipe(Output(name="o.png")), tmp_path / "out").image
    with Image.open(convert(tmp_path / "x.ppm", to=tmp_path / "judged.png")) as judged:
        assert made.convert("RGB").tobytes() == judged.convert("RGB").tobytes() == PIXELS


@needs_imagemagick
def test_a_picture_in_text_may_begin_with_a_comment(tmp_path):
    (tmp_path / "x.pgm").write_bytes(b"P2#by hand\n2 1 255\n10 200\n")
    made = make(tmp_path / "x.pgm", recipe(Output(name="o.png")), tmp_path / "out").image
    with Image.open(convert(tmp_path / "x.pgm", to=tmp_path / "judged.png")) as judged:
        assert made.convert("L").tobytes() == judged.convert("L").tobytes() == bytes([10, 200])

"""`shrink` loses what is hardly seen, only where that is worth it, and never of a picture that has less already."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from fileq.images.lossless.jpeg_quality import estimate_quality
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from tests.images.lossless.test_never_larger import frames_of
from tests.support.images import make, photo, recipe

SHRINK = Output(format="same", quality=80, min_saving=0.05)


def drawing() -> Image.Image:
    image = Image.new("RGB", (600, 400), "white")
    draw = ImageDraw.Draw(image)
    for number in range(12):
        draw.rectangle((20 + number * 40, 40, 50 + number * 40, 340 - number * 20), fill=(number * 20, 90, 200))
        draw.text((20 + number * 40, 360), f"bar {number}", fill="black")
    return image


@pytest.mark.parametrize("quality", [30, 50, 75, 80, 92, 98])
def test_the_quality_of_a_jpeg_is_told_from_its_tables(tmp_path, quality):
    photo((64, 64)).save(tmp_path / "x.jpg", quality=quality)
    with Image.open(tmp_path / "x.jpg") as image:
        assert estimate_quality(image) in range(quality - 1, quality + 2)


@pytest.mark.parametrize("quality", [20, 60, 80])
def test_a_jpeg_of_no_better_quality_loses_none(tmp_path, quality):
    photo((300, 200)).save(tmp_path / "x.jpg", quality=quality)
    made = make(tmp_path / "x.jpg", recipe(SHRINK), tmp_path / "out")
    assert list(frames_of(made.paths[0].read_bytes())) == list(frames_of((tmp_path / "x.jpg").read_bytes()))
    assert made.encoded[0].bytes < (tmp_path / "x.jpg").stat().st_size


def test_a_jpeg_of_better_quality_gets_the_one_that_is_stated(tmp_path):
    photo((300, 200)).save(tmp_path / "x.jpg", quality=97)
    made = make(tmp_path / "x.jpg", recipe(SHRINK), tmp_path / "out")
    with Image.open(made.paths[0]) as image:
        assert estimate_quality(image) in {79, 80, 81}
    assert made.encoded[0].bytes < (tmp_path / "x.jpg").stat().st_size * 0.6


@pytest.mark.parametrize("ending", ["png", "gif", "tif"])
def test_a_format_without_quality_loses_nothing(tmp_path, ending):
    photo((120, 90)).quantize(64).save(tmp_path / f"x.{ending}")
    made = make(tmp_path / f"x.{ending}", recipe(SHRINK), tmp_path / "out")
    assert list(frames_of(made.paths[0].read_bytes())) == list(frames_of((tmp_path / f"x.{ending}").read_bytes()))
    assert made.encoded[0].bytes <= (tmp_path / f"x.{ending}").stat().st_size


def test_a_drawing_stays_lossless_as_webp_where_that_is_smaller(tmp_path):
    drawing().save(tmp_path / "x.png")
    made = make(tmp_path / "x.png", recipe(Output(format="webp")), tmp_path / "out")
    assert b"VP8L" in made.paths[0].read_bytes()
    assert made.image.convert("RGB").tobytes() == drawing().tobytes()


def test_a_photo_is_lossy_as_webp(tmp_path):
    photo((300, 200)).save(tmp_path / "x.png")
    made = make(tmp_path / "x.png", recipe(Output(format="webp")), tmp_path / "out")
    assert b"VP8L" not in made.paths[0].read_bytes()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_png_with_a_palette_has_one_when_it_is_smaller_too(tmp_path, mode):
    image = photo((400, 300))
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.quantize(256).save(tmp_path / "x.png")
    half = (Resize(scale=0.5),)
    made = make(tmp_path / "x.png", recipe(Output(format="png"), steps=half), tmp_path / "out")
    exact = make(tmp_path / "x.png", recipe(Output(format="png", lossless=True), steps=half), tmp_path / "exact")
    assert made.image.mode == "P"
    assert made.encoded[0].bytes < (tmp_path / "x.png").stat().st_size
    assert exact.image.mode == mode

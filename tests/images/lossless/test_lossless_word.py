"""`lossless` loses nothing: no colour, no bit, no profile; what can't be so is not made."""

from __future__ import annotations

import random
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops

from fileq.errors import ErrorKind
from fileq.images.deep.image import DeepImage
from fileq.images.deep.tiff_writer import write
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.images.profiles import DISPLAY_P3, SRGB, rgb
from tests.support.images import failure, make, photo, quarters, recipe

if TYPE_CHECKING:
    from pathlib import Path


def exact(format_: str) -> Output:
    return Output(format=format_, lossless=True)  # type: ignore[arg-type]  # any of them


def half_transparent() -> Image.Image:
    picture = quarters(mode="RGBA")
    picture.putalpha(128)
    return picture


@pytest.mark.parametrize("picture", [photo((120, 80)), half_transparent()], ids=["colours", "transparency"])
def test_what_gif_has_no_room_for_is_refused(tmp_path, picture):
    picture.save(tmp_path / "x.png")
    assert failure(tmp_path / "x.png", recipe(exact("gif")), tmp_path / "out")[0] is ErrorKind.UNSUPPORTED
    assert make(tmp_path / "x.png", recipe(Output(format="gif")), tmp_path / "lossy").image


@pytest.mark.parametrize("colors", [2, 200, 255, 256])
@pytest.mark.parametrize("is_transparent", [False, True])
def test_a_gif_of_few_colours_has_all_of_them(tmp_path, colors, is_transparent):
    chance = random.Random(colors)
    levels = [(*chance.randbytes(3), 255) for _ in range(colors - is_transparent)] + [(9, 9, 9, 0)] * is_transparent
    picture = Image.new("RGBA", (40, 40))
    picture.putdata([levels[at % len(levels)] for at in range(1600)])
    picture.save(tmp_path / "x.png")
    made = make(tmp_path / "x.png", recipe(exact("gif")), tmp_path / "out").image.convert("RGBA")
    if is_transparent:
        assert ImageChops.difference(made.getchannel("A"), picture.getchannel("A")).getbbox() is None
        picture, made = (Image.composite(one, Image.new("RGBA", (40, 40)), one) for one in (picture, made))
    assert ImageChops.difference(made, picture).getbbox(alpha_only=False) is None


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("format_", ["png", "tiff", "same"])
def test_16_bits_stay_16_bits(tmp_path, mode, format_):
    deep(tmp_path / "x.tif", mode)
    made = make(tmp_path / "x.tif", recipe(exact(format_)), tmp_path / "out").paths[0]
    said = subprocess.run(
        ["compare", "-metric", "AE", tmp_path / "x.tif", made, "null:"], capture_output=True, text=True, check=False
    )
    assert re.match(r"0\b|0compare", said.stderr)  # what it says of an unknown tag may follow
    depth = subprocess.run(["identify", "-format", "%z", made], capture_output=True, text=True, check=True)
    assert depth.stdout == "16"


def deep(path: Path, mode: str) -> None:
    bands = photo((60, 40)).convert(mode).split()
    planes = [band.convert("I").point(lambda level: level * 200 + 77).convert("I;16") for band in bands]
    with open(path, "wb+") as file:
        write(file, DeepImage(planes), {})


@pytest.mark.parametrize("format_", ["webp", "gif", "jxl"])
def test_16_bits_in_a_format_of_8_are_refused(tmp_path, format_):
    deep(tmp_path / "x.tif", "RGB")
    kind, message = failure(tmp_path / "x.tif", recipe(exact(format_)), tmp_path / "out")
    assert kind is ErrorKind.UNSUPPORTED
    assert "16" in message


@pytest.mark.parametrize("format_", ["png", "webp", "tiff", "same"])
def test_colours_stay_in_their_profile(tmp_path, format_):
    icc = rgb(DISPLAY_P3, 2.2)
    photo((60, 40)).save(tmp_path / "x.png", icc_profile=icc)
    made = make(tmp_path / "x.png", recipe(exact(format_)), tmp_path / "out").image
    assert made.info["icc_profile"] == icc
    assert made.convert("RGB").tobytes() == photo((60, 40)).tobytes()


@pytest.mark.parametrize("format_", ["gif", "jxl"])
def test_a_profile_that_a_format_can_not_have_is_refused_where_it_tells_of_other_colours(tmp_path, format_):
    quarters().save(tmp_path / "p3.png", icc_profile=rgb(DISPLAY_P3, 2.2))
    kind, message = failure(tmp_path / "p3.png", recipe(exact(format_)), tmp_path / "out")
    assert kind is ErrorKind.UNSUPPORTED
    assert "profile" in message
    quarters().save(tmp_path / "srgb.png", icc_profile=rgb(SRGB, None))
    made = make(tmp_path / "srgb.png", recipe(exact(format_)), tmp_path / "out2").image
    assert made.convert("RGB").tobytes() == quarters().tobytes()


@pytest.mark.parametrize("format_", ["png", "webp"])
def test_inks_that_would_become_rgb_are_refused(tmp_path, format_):
    quarters(mode="CMYK").save(tmp_path / "x.tif")
    assert failure(tmp_path / "x.tif", recipe(exact(format_)), tmp_path / "out")[0] is ErrorKind.UNSUPPORTED
    assert make(tmp_path / "x.tif", recipe(exact("tiff")), tmp_path / "tiff").image.mode == "CMYK"


def test_a_jpeg_stays_a_jpeg_with_its_very_coefficients_and_is_refused_where_a_step_changes_it(tmp_path):
    photo((120, 80)).save(tmp_path / "x.jpg", quality=90)
    made = make(tmp_path / "x.jpg", recipe(exact("same")), tmp_path / "out")
    with Image.open(tmp_path / "x.jpg") as picture:
        assert made.image.tobytes() == picture.tobytes()
    small = recipe(exact("same"), steps=(Resize(fit=Dimensions(60, 60)),))
    assert failure(tmp_path / "x.jpg", small, tmp_path / "small")[0] is ErrorKind.UNSUPPORTED

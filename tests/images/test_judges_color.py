"""Colours by profile against ImageMagick's conversion with the same profiles, in CIE 1976 delta E under D50."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from fileq.recipes.recipe import Output
from tests.images import profiles
from tests.images.test_srgb import SPACES
from tests.support.images import make, pixel_of, recipe
from tests.support.judges import CMYK_PROFILE, convert, needs_cmyk_profile, needs_imagemagick, pixels

CUBE = [(red, green, blue) for red in (0, 96, 160, 255) for green in (0, 96, 160, 255) for blue in (0, 96, 160, 255)]
INKS = [(*color, black) for color in CUBE for black in (0, 128)]
SIDE = 8  # pixels of a patch: what JPEG codes by itself

CONVERSION = ("-intent", "relative", "-black-point-compensation")


def patches(mode: str, colors) -> Image.Image:
    image = Image.new(mode, (SIDE * len(colors), SIDE))
    for at, color in enumerate(colors):
        image.paste(color, (at * SIDE, 0, (at + 1) * SIDE, SIDE))
    return image


def judged(source, tmp_path, *before: str) -> Image.Image:
    """By ImageMagick: from the file's own profile to sRGB."""
    (tmp_path / "srgb.icc").write_bytes(profiles.rgb(profiles.SRGB, None))
    return pixels(convert(source, *before, *CONVERSION, "-profile", str(tmp_path / "srgb.icc"), to=tmp_path / "j.png"))


def farthest(one: Image.Image, other: Image.Image) -> float:
    """The largest difference of two patches, in delta E."""
    middles = range(SIDE // 2, one.width, SIDE)
    light = [
        [profiles.xyz(pixel_of(image, (x, SIDE // 2)), profiles.SRGB, None) for x in middles] for image in (one, other)
    ]
    return max(profiles.delta_e(a, b) for a, b in zip(*light, strict=True))


@needs_imagemagick
@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("target", ["png", "webp", "tif"])
def test_colors_also_out_of_gamut_are_within_delta_e_2_of_imagemagicks(tmp_path, space, target):
    patches("RGB", CUBE).save(tmp_path / "x.png", icc_profile=profiles.rgb(*SPACES[space]))
    output = Output(name=f"o.{target}")
    made = make(tmp_path / "x.png", recipe(output), tmp_path / "out").image.convert("RGB")
    assert farthest(made, judged(tmp_path / "x.png", tmp_path)) < 2


@needs_imagemagick
@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
def test_gray_is_within_delta_e_2_of_imagemagicks(tmp_path, gamma):
    patches("L", range(0, 256, 15)).save(tmp_path / "x.png", icc_profile=profiles.gray(gamma))
    made = make(tmp_path / "x.png", recipe(), tmp_path / "out").image.convert("RGB")
    assert farthest(made, judged(tmp_path / "x.png", tmp_path)) < 2


@needs_imagemagick
@needs_cmyk_profile
@pytest.mark.parametrize("ending", ["tif", "jpg"])
@pytest.mark.parametrize("target", ["png", "webp", "tif"])
def test_cmyk_with_a_press_profile_is_within_delta_e_2_of_imagemagicks(tmp_path, ending, target):
    options: dict[str, Any] = {"quality": 100, "subsampling": 0} if ending == "jpg" else {}
    patches("CMYK", INKS).save(tmp_path / f"x.{ending}", icc_profile=CMYK_PROFILE.read_bytes(), **options)
    output = Output(name=f"o.{target}")
    made = make(tmp_path / f"x.{ending}", recipe(output), tmp_path / "out").image
    assert "icc_profile" not in made.info
    assert farthest(made.convert("RGB"), judged(tmp_path / f"x.{ending}", tmp_path)) < 2


@needs_cmyk_profile
def test_cmyk_without_a_profile_is_nearer_to_a_press_than_pillows_own(tmp_path):
    """Presses differ; on the mean over inks and overprints the default is to be half as far as no profile at all."""
    image = patches("CMYK", INKS)
    image.save(tmp_path / "x.tif")
    image.save(tmp_path / "y.tif", icc_profile=CMYK_PROFILE.read_bytes())
    plain, pressed = (
        make(tmp_path / name, recipe(Output(name="{stem}.png")), tmp_path / "out").image for name in ("x.tif", "y.tif")
    )
    assert mean(plain, pressed) < mean(image.convert("RGB"), pressed) / 2


def mean(one: Image.Image, other: Image.Image) -> float:
    places = [(x, SIDE // 2) for x in range(SIDE // 2, one.width, SIDE)]
    light = [[profiles.xyz(pixel_of(image, place), profiles.SRGB, None) for place in places] for image in (one, other)]
    return sum(profiles.delta_e(a, b) for a, b in zip(*light, strict=True)) / len(places)

from __future__ import annotations

import io
import zlib
from typing import Any

import pytest
from PIL import Image, ImageCms

from fileq.errors import ErrorKind
from fileq.images.color import srgb
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.images import profiles
from tests.support.images import GREEN, close, failure, level_of, make, photo, pixel_of, quarters, recipe

IN_GAMUT = [
    (128, 128, 128),
    (255, 255, 255),
    (0, 0, 0),
    (150, 110, 90),
    (90, 120, 100),
    (110, 100, 140),
    (200, 180, 160),
]
SPACES = {
    "Display P3": (profiles.DISPLAY_P3, None),
    "Adobe RGB": (profiles.ADOBE, 2.19921875),
    "ProPhoto": (profiles.PROPHOTO, 1.8),
    "sRGB": (profiles.SRGB, None),
}


def patches(colors, side=40) -> Image.Image:
    image = Image.new("RGB", (side * len(colors), side))
    for at, patch in enumerate(colors):
        image.paste(patch, (at * side, 0, (at + 1) * side, side))
    return image


def from_profile(icc: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(icc))


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp"])
def test_colors_of_a_profile_are_within_delta_e_2_of_the_formulas(tmp_path, space, ending):
    matrix, gamma = SPACES[space]
    options: dict[str, dict[str, Any]] = {"jpg": {"quality": 100, "subsampling": 0}, "webp": {"lossless": True}}
    icc = profiles.rgb(matrix, gamma)
    patches(IN_GAMUT).save(tmp_path / f"x.{ending}", icc_profile=icc, **options.get(ending, {}))
    half = Resize(scale=0.5)
    made = make(tmp_path / f"x.{ending}", recipe(Output(name="o.png"), steps=(half,)), tmp_path / "out").image
    assert "icc_profile" not in made.info
    for at, patch in enumerate(IN_GAMUT):
        seen = profiles.xyz(pixel_of(made, (at * 20 + 10, 10)), profiles.SRGB, None)
        assert profiles.delta_e(seen, profiles.xyz(patch, matrix, gamma)) < 2


def test_gray_of_a_gamma_is_within_delta_e_2_of_the_formula(tmp_path):
    Image.new("L", (40, 40), 100).save(tmp_path / "x.png", icc_profile=profiles.gray(1.0))
    made = make(tmp_path / "x.png", recipe(), tmp_path / "out").image
    assert made.mode == "L"
    level = level_of(made, (9, 9))
    expected = [100 / 255 * white for white in (0.9642, 1.0, 0.8249)]
    assert profiles.delta_e(profiles.xyz((level,) * 3, profiles.SRGB, None), expected) < 2


def test_srgb_is_known_by_its_colors_and_not_by_its_name():
    assert srgb.is_srgb(profiles.rgb(profiles.SRGB, None))
    assert srgb.is_srgb(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    assert not srgb.is_srgb(profiles.rgb(profiles.SRGB, 1.0))
    assert not srgb.is_srgb(profiles.rgb(profiles.DISPLAY_P3, None))


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "avif", "tif"])
def test_profile_keep_embeds_the_profile_and_leaves_the_pixels(tmp_path, ending):
    icc = profiles.rgb(profiles.DISPLAY_P3, None)
    quarters().save(tmp_path / "x.png", icc_profile=icc)
    made = make(tmp_path / "x.png", recipe(Output(name=f"o.{ending}"), profile="keep"), tmp_path / "out").image
    assert made.info["icc_profile"] == icc
    assert close(made.convert("RGB").getpixel((9, 9)), (220, 30, 30))


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "avif", "tif", "gif"])
def test_an_output_in_srgb_carries_no_profile_of_its_source(tmp_path, ending):
    quarters().save(tmp_path / "x.png", icc_profile=profiles.rgb(profiles.ADOBE, 2.2))
    made = make(tmp_path / "x.png", recipe(Output(name=f"o.{ending}")), tmp_path / "out").image
    assert "icc_profile" not in made.info


def test_transparency_stays_where_colors_are_converted(tmp_path):
    image = quarters((40, 40)).convert("RGBA")
    image.putalpha(77)
    image.save(tmp_path / "x.png", icc_profile=profiles.rgb(profiles.ADOBE, 2.2))
    made = make(tmp_path / "x.png", recipe(), tmp_path / "out").image
    assert pixel_of(made, (9, 9))[3] == 77


@pytest.mark.parametrize("icc", [b"no profile at all", profiles.gray(2.2), profiles.rgb(profiles.ADOBE, 2.2)[:300]])
def test_a_profile_of_no_use_is_left_out_and_the_job_says_so(tmp_path, icc):
    quarters().save(tmp_path / "x.png", icc_profile=icc)
    made = make(tmp_path / "x.png", recipe(), tmp_path / "out")
    assert made.image.getpixel((9, 9)) == (220, 30, 30)
    assert "colour profile was left out" in made.notes[0]


@pytest.mark.parametrize("ending", ["jpg", "tif"])
@pytest.mark.parametrize("target", ["png", "webp"])
def test_a_profile_for_rgb_in_a_cmyk_picture_is_not_given_to_what_was_converted(tmp_path, ending, target):
    image = quarters().convert("CMYK")
    image.save(tmp_path / f"without.{ending}")
    image.save(tmp_path / f"with.{ending}", icc_profile=profiles.rgb(profiles.PROPHOTO, 1.8))
    kept = recipe(Output(name=f"o.{target}"), profile="keep")
    with_it, without = (make(tmp_path / f"{name}.{ending}", kept, tmp_path / name) for name in ("with", "without"))
    assert with_it.image.info.get("icc_profile") is None
    assert with_it.image.tobytes() == without.image.tobytes()
    assert any("colour profile was left out" in note for note in with_it.notes)


@pytest.mark.parametrize("ending", ["jpg", "tif"])
@pytest.mark.parametrize("target", ["png", "jpg", "webp"])
def test_cmyk_without_a_profile_looks_like_print(tmp_path, ending, target):
    inks = {(0, 0, 0, 0): (255, 255, 255), (0, 255, 255, 0): (237, 28, 36), (0, 0, 0, 128): (144, 143, 143)}
    image = Image.new("CMYK", (120, 40))
    for at, ink in enumerate(inks):
        image.paste(ink, (at * 40, 0, at * 40 + 40, 40))
    options: dict[str, Any] = {"quality": 100} if ending == "jpg" else {}
    image.save(tmp_path / f"x.{ending}", **options)
    made = make(tmp_path / f"x.{ending}", recipe(Output(name=f"o.{target}", quality=95)), tmp_path / "out").image
    for at, wanted in enumerate(inks.values()):
        assert close(made.convert("RGB").getpixel((at * 40 + 20, 20)), wanted, 6)


def test_lab_becomes_srgb(tmp_path):
    lab = ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(quarters(), ImageCms.createProfile("sRGB"), lab, outputMode="LAB")
    assert image is not None
    image.save(tmp_path / "x.tif")
    made = make(tmp_path / "x.tif", recipe(Output(name="o.png")), tmp_path / "out").image
    assert close(made.getpixel((9, 9)), (220, 30, 30), 6)


def test_a_photo_in_a_wide_gamut_is_not_dulled_by_deriving_one_output_from_another(tmp_path):
    photo((900, 600)).save(tmp_path / "x.jpg", icc_profile=profiles.rgb(profiles.DISPLAY_P3, None), quality=95)
    sizes = [Output(name=f"{side}.png", steps=(Resize(fit=Dimensions(side, side)),)) for side in (400, 200)]
    both = make(tmp_path / "x.jpg", recipe(*sizes), tmp_path / "both").images()
    alone = make(tmp_path / "x.jpg", recipe(sizes[1]), tmp_path / "alone").image
    means = [sum(pixel_of(image.resize((1, 1), Image.Resampling.BOX), (0, 0))) for image in (both[1], alone)]
    assert abs(means[0] - means[1]) <= 3


@pytest.mark.parametrize(("primaries", "matrix"), [(12, profiles.DISPLAY_P3), (1, profiles.SRGB)])
def test_wide_primaries_are_seen_without_a_profile(tmp_path, primaries, matrix):
    patches(IN_GAMUT).save(tmp_path / "x.avif", quality=100, subsampling="4:4:4")
    content = (tmp_path / "x.avif").read_bytes()
    at = content.index(b"colrnclx") + 8
    (tmp_path / "x.avif").write_bytes(content[:at] + primaries.to_bytes(2, "big") + content[at + 2 :])
    made = make(tmp_path / "x.avif", recipe(Output(name="o.png")), tmp_path / "out").image
    for at, patch in enumerate(IN_GAMUT):
        seen = profiles.xyz(pixel_of(made, (at * 40 + 20, 20)), profiles.SRGB, None)
        assert profiles.delta_e(seen, profiles.xyz(patch, matrix, None)) < 2.5


def chunk(name: bytes, *numbers: float) -> bytes:
    """A PNG chunk of numbers counted in 1/100,000."""
    value = b"".join(round(number * 100_000).to_bytes(4, "big") for number in numbers)
    return len(value).to_bytes(4, "big") + name + value + zlib.crc32(name + value).to_bytes(4, "big")


SRGB_CHUNK = b"\0\0\0\1sRGB\0" + zlib.crc32(b"sRGB\0").to_bytes(4, "big")
P3 = (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)


@pytest.mark.parametrize(
    ("chunks", "matrix", "gamma"),
    [
        (chunk(b"gAMA", 1.0), profiles.SRGB, 1.0),
        (chunk(b"gAMA", 1 / 1.8), profiles.SRGB, 1.8),
        (chunk(b"gAMA", 1 / 2.2) + chunk(b"cHRM", *P3), profiles.DISPLAY_P3, None),
        (chunk(b"cHRM", *P3), profiles.DISPLAY_P3, None),
        (chunk(b"gAMA", 1 / 2.2), profiles.SRGB, None),
        (chunk(b"gAMA", 0), profiles.SRGB, None),
        (chunk(b"cHRM", *[0] * 8), profiles.SRGB, None),
        (SRGB_CHUNK + chunk(b"gAMA", 1.0), profiles.SRGB, None),
    ],
    ids=["linear", "1.8", "P3", "P3 without gamma", "sRGB", "no gamma", "no light", "sRGB goes first"],
)
def test_gamma_and_chromaticities_of_a_png_are_seen(tmp_path, chunks, matrix, gamma):
    patches(IN_GAMUT).save(tmp_path / "x.png")
    content = (tmp_path / "x.png").read_bytes()
    (tmp_path / "x.png").write_bytes(content[:33] + chunks + content[33:])
    made = make(tmp_path / "x.png", recipe(), tmp_path / "out").image
    for at, patch in enumerate(IN_GAMUT):
        seen = profiles.xyz(pixel_of(made, (at * 40 + 20, 20)), profiles.SRGB, None)
        assert profiles.delta_e(seen, profiles.xyz(patch, matrix, gamma)) < 2


@pytest.mark.parametrize("transfer", [16, 18])
def test_a_profile_that_names_a_high_dynamic_range_is_refused(tmp_path, transfer):
    icc = profiles.rgb(profiles.SRGB, None, {b"cicp": b"cicp\0\0\0\0" + bytes((9, transfer, 0, 1))})
    quarters().save(tmp_path / "x.png", icc_profile=icc)
    kind, message = failure(tmp_path / "x.png", recipe(), tmp_path / "out")
    assert kind == ErrorKind.UNSUPPORTED
    assert "high dynamic range" in message


@pytest.mark.parametrize("ending", ["gif", "pdf"])
def test_a_profile_that_a_format_has_no_place_for_is_applied_and_the_job_says_so(tmp_path, ending):
    quarters().save(tmp_path / "x.png", icc_profile=profiles.rgb(profiles.ADOBE, 2.2))
    made = make(tmp_path / "x.png", recipe(Output(name=f"o.{ending}"), profile="keep"), tmp_path / "out")
    assert "profile could not be kept" in made.notes[0]
    if ending == "gif":
        wanted = make(tmp_path / "x.png", recipe(), tmp_path / "srgb").image
        assert made.image.convert("RGB").getpixel((100, 9)) == wanted.getpixel((100, 9)) != GREEN

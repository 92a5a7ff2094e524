"""Colours that are named by their numbers (ITU-T H.273), against what Chromium draws, djxl decodes, and the formulas.

Chromium refuses an AVIF of the curves 9 to 12, which are for cameras.
"""

from __future__ import annotations

import itertools
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fileq.files.containers import png_chunk
from fileq.recipes.recipe import Output
from tests.images import heic, profiles
from tests.images.test_srgb import patches
from tests.support.images import close, make, pixel_of, quarters, recipe

SHADES = [(220, 200, 190), (120, 130, 110), (60, 90, 80), (250, 250, 250), (20, 22, 18)]
PNG = recipe(Output(name="{stem}-o.png"))


def spots(image: Image.Image) -> list[tuple[int, ...]]:
    return [pixel_of(image.convert("RGB"), (at * 40 + 20, 20)) for at in range(len(SHADES))]


def with_code_points(content: bytes, primaries: int, transfer: int, rest: bytes = b"\0\1") -> bytes:
    if content.startswith(b"\x89PNG"):
        return content[:33] + png_chunk(b"cICP", bytes([primaries, transfer]) + rest) + content[33:]
    at = content.index(b"colrnclx") + 8
    return content[:at] + struct.pack(">HH", primaries, transfer) + content[at + 4 :]


def write(path: Path, primaries: int, transfer: int, rest: bytes = b"\0\1", **options: Any) -> Path:
    patches(SHADES).save(path, quality=100, subsampling="4:4:4", **options)
    path.write_bytes(with_code_points(path.read_bytes(), primaries, transfer, rest))
    return path


def assert_is_as_in_the_browser(path: Path, folder: Path, browser) -> None:
    drawn = browser.draw(path, f"image/{path.suffix[1:]}")
    for seen, wanted in zip(spots(make(path, PNG, folder).image), spots(drawn), strict=True):
        assert close(seen, wanted, 4), (seen, wanted)


@pytest.mark.parametrize("ending", ["avif", "png"])
@pytest.mark.parametrize(
    ("primaries", "transfer"),
    [
        *itertools.product([0, 1, 2, 9, 23], [0, 1, 2, 3, 4, 5, 6, 7, 8, 13, 14, 15, 17, 19]),
        *itertools.product([3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 22], [4, 13]),
    ],
)
def test_colours_that_are_named_by_numbers_are_what_a_browser_draws(tmp_path, browser, ending, transfer, primaries):
    assert_is_as_in_the_browser(write(tmp_path / f"x.{ending}", primaries, transfer), tmp_path / "out", browser)


@pytest.mark.parametrize("transfer", [9, 10, 11, 12])
def test_a_png_with_a_curve_for_cameras_is_what_a_browser_draws(tmp_path, browser, transfer):
    assert_is_as_in_the_browser(write(tmp_path / "x.png", 9, transfer), tmp_path / "out", browser)


@pytest.mark.parametrize(("transfer", "stops"), [(9, 2.0), (10, 2.5)])
def test_an_avif_with_a_curve_of_logarithms_is_what_the_formula_says(tmp_path, transfer, stops):
    path = write(tmp_path / "x.avif", 1, transfer)
    for seen, level in zip(spots(make(path, PNG, tmp_path / "out").image), SHADES, strict=True):
        light = [10 ** (stops * (channel / 255 - 1)) for channel in level]
        wanted = [255 * (v * 12.92 if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055) for v in light]
        assert close(seen, wanted, 4)


@pytest.mark.parametrize("rest", [b"\0\0", b"\0", b"\0\1\0", b""], ids=["narrow range", "short", "long", "two bytes"])
@pytest.mark.parametrize("chunks", [b"", png_chunk(b"gAMA", struct.pack(">I", 100_000))], ids=["alone", "gAMA"])
def test_a_chunk_that_browsers_do_not_heed_leaves_the_colours_to_the_others(tmp_path, browser, rest, chunks):
    path = write(tmp_path / "x.png", 9, 5, rest)
    content = path.read_bytes()
    path.write_bytes(content[:33] + chunks + content[33:])
    assert_is_as_in_the_browser(path, tmp_path / "out", browser)


@pytest.mark.parametrize("rest", [b"\1\1", b"\x09\1", b"\0\2"])
def test_a_chunk_that_breaks_the_standard_is_as_none(tmp_path, rest):
    path = write(tmp_path / "x.png", 9, 8, rest)
    assert spots(make(path, PNG, tmp_path / "out").image) == SHADES


@pytest.mark.parametrize("points", [(9, 8), (1, 13), (12, 13), (9, 1), (9, 12), (2, 13), (2, 16), (2, 18)])
def test_known_numbers_in_a_png_go_before_its_profile(tmp_path, browser, points):
    path = write(tmp_path / "x.png", *points, icc_profile=profiles.rgb(profiles.ADOBE, 2.2))
    assert_is_as_in_the_browser(path, tmp_path / "out", browser)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA"])
@pytest.mark.parametrize("transfer", [1, 4, 8, 17])
def test_gray_and_palettes_have_the_curve_too(tmp_path, browser, mode, transfer):
    patches(SHADES).convert(mode).save(tmp_path / "x.png")
    (tmp_path / "x.png").write_bytes(with_code_points((tmp_path / "x.png").read_bytes(), 1, transfer))
    assert_is_as_in_the_browser(tmp_path / "x.png", tmp_path / "out", browser)


@pytest.mark.parametrize("matrix", [1, 4, 5, 6, 7, 8, 9])
@pytest.mark.parametrize("sampling", ["444", "420"])
@pytest.mark.skipif(not shutil.which("avifenc"), reason="avifenc is not installed")
def test_every_matrix_of_an_avif_gives_back_what_was_encoded(tmp_path, browser, matrix, sampling):
    patches(SHADES).save(tmp_path / "s.png")
    command = ["avifenc", "--min", "0", "--max", "0", "-s", "9", "-y", sampling, "--cicp", f"1/13/{matrix}"]
    subprocess.run([*command, tmp_path / "s.png", tmp_path / "x.avif"], check=True, capture_output=True)
    assert_is_as_in_the_browser(tmp_path / "x.avif", tmp_path / "out", browser)
    for seen, wanted in zip(spots(make(tmp_path / "x.avif", PNG, tmp_path / "out").image), SHADES, strict=True):
        assert close(seen, wanted, 3)


def kr_and_kb(matrix: int) -> tuple[float, float]:
    """The shares of red and blue in the luma (ITU-T H.273, table 4)."""
    same = (0.299, 0.114)
    shares = {1: (0.2126, 0.0722), 4: (0.3, 0.11), 5: same, 6: same, 7: (0.212, 0.087), 9: (0.2627, 0.0593)}
    return shares[matrix]


def recoded(color: tuple[int, ...], matrix: int) -> list[float]:
    """What a colour becomes that was coded by matrix 6 where it is decoded by another."""
    (kr, kb), (red, green, blue) = kr_and_kb(6), map(float, color)
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr)
    kr, kb = kr_and_kb(matrix)
    red, blue = luma + (2 - 2 * kr) * cr, luma + (2 - 2 * kb) * cb
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    return [min(255.0, max(0.0, channel)) for channel in (red, green, blue)]


@pytest.mark.parametrize("matrix", [1, 4, 5, 6, 7, 9])
def test_every_matrix_of_a_heic_is_heeded(tmp_path, matrix):
    box = b"\0\0\0\x13colrnclx\0\x01\0\x0d" + matrix.to_bytes(2, "big") + b"\x80"
    (tmp_path / "x.heic").write_bytes(heic.with_boxes([box]))
    made = make(tmp_path / "x.heic", PNG, tmp_path / "out").image.convert("RGB")
    for place in ((20, 15), (70, 15), (20, 50), (70, 50)):
        wanted = recoded(pixel_of(quarters((96, 64)), place), matrix)
        assert close(pixel_of(made, place), wanted, 4)


@pytest.mark.parametrize(
    "space", ["RGB_D65_SRG_Rel_709", "RGB_D65_SRG_Rel_DCI", "RGB_DCI_DCI_Rel_DCI", "RGB_D65_202_Rel_Lin"]
)
@pytest.mark.skipif(not shutil.which("djxl"), reason="djxl is not installed")
def test_curves_and_primaries_of_jpeg_xl_are_what_djxl_decodes(tmp_path, space):
    patches(SHADES).save(tmp_path / "s.ppm")
    command = ["cjxl", tmp_path / "s.ppm", tmp_path / "x.jxl", "-d", "0.1", "-x", f"color_space={space}"]
    subprocess.run(command, check=True, capture_output=True)
    command = ["djxl", tmp_path / "x.jxl", tmp_path / "d.png", "--color_space=RGB_D65_SRG_Rel_SRG"]
    subprocess.run(command, check=True, capture_output=True)
    with Image.open(tmp_path / "d.png") as decoded:
        wanted = spots(decoded)
    for seen, other in zip(spots(make(tmp_path / "x.jxl", PNG, tmp_path / "out").image), wanted, strict=True):
        assert close(seen, other, 4)

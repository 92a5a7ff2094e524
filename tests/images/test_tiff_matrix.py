"""TIFF in all its layouts: by bits, planes, compression, byte order, colors and tiles, plain and BigTIFF."""

from __future__ import annotations

import itertools
import struct
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from fileq.errors import ErrorKind, JobError
from fileq.images.formats import optional_codecs
from fileq.recipes.recipe import Output
from tests.support.images import failure, make, photo, recipe
from tests.support.judges import needs_imagemagick

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

HEIGHT, WIDTH = 24, 32
COMPRESSIONS = (None, "lzw", "deflate", "packbits", "zstd")
KINDS = {"minisblack": 1, "miniswhite": 1, "rgb": 3, "rgba": 4, "separated": 4}
DEPTHS = ("1", "2", "4", "8", "12", "16", "32", "float16", "float32", "float64")
PNG = recipe(Output(name="o.png"), metadata="none")


def drawn(channels: int) -> NDArray[np.float64]:
    """A ramp in each channel, in another direction each, from 0 to 1."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    ramps = [x / (WIDTH - 1), y / (HEIGHT - 1), (x + y) / (WIDTH + HEIGHT - 2), 1 - 0.5 * x / (WIDTH - 1)]
    return np.asarray(np.stack(ramps[:channels], -1))


def samples(levels: NDArray[np.float64], depth: str) -> NDArray[Any]:
    if depth.startswith("float"):
        return levels.astype(depth)
    kind = {"1": "bool", "2": "u1", "4": "u1", "8": "u1", "12": "u2", "16": "u2", "32": "u4"}[depth]
    return np.asarray(np.round(levels * (2 ** int(depth) - 1)).astype(kind))


def layouts(kind: str, depth: str) -> Iterator[dict[str, Any]]:
    """How such pixels may lie in a file, as far as the library that writes them can."""
    whole_bytes = depth not in {"2", "4", "12"}
    for order, tile, compression, planes, big in itertools.product(
        "<>", (None, (16, 16)), COMPRESSIONS if whole_bytes else (None,), ("contig", "separate"), (False, True)
    ):
        if planes == "separate" and KINDS[kind] == 1:
            continue
        if compression == "packbits" and depth not in {"1", "8"}:
            continue
        if depth == "12" and order == ">":  # tifffile packs them in another way than everybody reads them
            continue
        yield {"byteorder": order, "tile": tile, "compression": compression, "planarconfig": planes, "bigtiff": big}


def write(path: Path, kind: str, depth: str, layout: dict[str, Any]) -> None:
    content = samples(drawn(KINDS[kind]), depth)
    if KINDS[kind] == 1:
        content, layout = content[..., 0], {**layout, "planarconfig": None}
    elif layout["planarconfig"] == "separate":
        content = np.moveaxis(content, -1, 0)
    keys: dict[str, Any] = dict(layout)
    if kind == "rgba":
        keys["extrasamples"] = ["unassalpha"]
    if depth in {"2", "4", "12"}:
        keys["bitspersample"] = int(depth)
    tifffile.imwrite(path, content, photometric="rgb" if kind == "rgba" else kind, metadata=None, **keys)


def levels_of(image: Image.Image) -> NDArray[np.float64]:
    white = 65535 if image.mode.startswith("I;16") else 1 if image.mode == "1" else 255
    return np.atleast_3d(np.asarray(image).astype(float) / white)


def expected(kind: str, depth: str) -> NDArray[np.float64]:
    levels = drawn(KINDS[kind])
    if not depth.startswith("float"):
        levels = np.round(levels * (2 ** int(depth) - 1)) / (2 ** int(depth) - 1)
    return 1 - levels if kind == "miniswhite" else levels


CASES = [(kind, depth) for kind in ("minisblack", "miniswhite") for depth in DEPTHS] + [
    (kind, depth) for kind in ("rgb", "rgba") for depth in DEPTHS[3:]
]


@pytest.mark.parametrize(("kind", "depth"), CASES)
def test_pixels_are_right_however_they_lie_in_the_file(tmp_path, kind, depth):
    for layout in layouts(kind, depth):
        write(tmp_path / "x.tif", kind, depth, layout)
        made = levels_of(make(tmp_path / "x.tif", PNG, tmp_path / "out").image)
        assert made.shape == (HEIGHT, WIDTH, KINDS[kind]), layout
        assert np.abs(made - expected(kind, depth)).max() < 1 / 120, layout


@pytest.mark.parametrize("depth", DEPTHS[3:])
def test_cmyk_looks_the_same_at_every_depth_and_in_every_layout(tmp_path, depth):
    write(tmp_path / "plain.tif", "separated", "8", {"planarconfig": "contig"})
    plain = levels_of(make(tmp_path / "plain.tif", PNG, tmp_path / "out").image)
    for layout in layouts("separated", depth):
        write(tmp_path / "x.tif", "separated", depth, layout)
        made = levels_of(make(tmp_path / "x.tif", PNG, tmp_path / "out").image)
        assert np.abs(made - plain).max() < 1 / 60, layout


class Refused(Exception):
    pass


def make_or_refuse(source: Path, folder: Path) -> Image.Image:
    try:
        return make(source, PNG, folder).image
    except JobError as error:
        if "pip install 'fileq[tiff]'" not in str(error.hint):
            raise
        raise Refused(error.kind, error.message) from error


@pytest.mark.parametrize(("kind", "depth"), CASES)
def test_without_the_library_for_rare_ones_each_is_right_or_refused_by_its_name(tmp_path, monkeypatch, kind, depth):
    monkeypatch.setattr(optional_codecs, "rare_tiff", lambda: None)
    for layout in layouts(kind, depth):
        write(tmp_path / "x.tif", kind, depth, layout)
        with suppress(Refused):
            made = levels_of(make_or_refuse(tmp_path / "x.tif", tmp_path / "out"))
            assert np.abs(made - expected(kind, depth)).max() < 1 / 120, layout


def test_a_rare_tiff_is_unsupported_without_the_library(tmp_path, monkeypatch):
    monkeypatch.setattr(optional_codecs, "rare_tiff", lambda: None)
    layout = {"byteorder": ">", "bigtiff": True, "planarconfig": "contig"}
    write(tmp_path / "x.tif", "rgb", "8", layout)
    kind, message = failure(tmp_path / "x.tif", PNG, tmp_path / "out")
    assert kind is ErrorKind.UNSUPPORTED
    assert "BigTIFF in big-endian byte order" in message


def test_a_palette_of_16_bits_has_its_colors(tmp_path):
    colors = np.stack([np.arange(65536), np.arange(65536)[::-1], np.full(65536, 32768)]).astype("u2")
    index = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype("u2") * 85
    tifffile.imwrite(tmp_path / "x.tif", index, photometric="palette", colormap=colors, metadata=None)
    made = levels_of(make(tmp_path / "x.tif", PNG, tmp_path / "out").image)
    assert np.abs(made - np.moveaxis(colors, 0, -1)[index] / 65535).max() < 1 / 120


@pytest.mark.parametrize(("kind", "bits"), [("minisblack", 4), ("miniswhite", 4), ("miniswhite", 16), ("palette", 16)])
@pytest.mark.parametrize("alpha", ["unassalpha", "assocalpha"])
def test_opacity_beside_gray_and_palettes_stays(tmp_path, kind, bits, alpha):
    levels = drawn(2)
    opacity, gray = levels[..., 1], levels[..., 0] * (levels[..., 1] if alpha == "assocalpha" else 1)
    stored = 1 - gray if kind == "miniswhite" else gray
    content = samples(np.stack([stored, opacity], -1), str(bits))
    keys: dict[str, Any] = {"planarconfig": "contig", "extrasamples": [alpha], "metadata": None}
    if bits == 4:
        keys["bitspersample"] = 4
    if kind == "palette":
        keys["extratags"] = [(320, 3, 3 * 65536, np.tile(np.arange(65536), 3).astype("u2"), True)]
    tifffile.imwrite(tmp_path / "x.tif", content, photometric="miniswhite" if kind == "miniswhite" else 1, **keys)
    if kind == "palette":  # tifffile writes none with opacity
        gray_tag, palette_tag = (struct.pack("<HHLL", 262, 3, 1, value) for value in (1, 3))
        (tmp_path / "x.tif").write_bytes((tmp_path / "x.tif").read_bytes().replace(gray_tag, palette_tag))
    made = levels_of(make(tmp_path / "x.tif", PNG, tmp_path / "out").image.convert("RGBA"))
    assert np.abs(made[..., 3] - opacity).max() < 1 / 25
    seen = opacity > 0.5
    assert np.abs(made[..., 0] - levels[..., 0])[seen].max() < 1 / (8 if bits == 4 else 100)


def error_of_lab(folder: Path, depth: int) -> float:
    """Return how far Lab that ImageMagick has written is from what it reads of it, on average, of 255."""
    source, judged = folder / f"{depth}.tif", folder / "judged.png"
    photo((64, 48)).save(folder / "x.png")
    commands: list[list[Any]] = [
        ["convert", folder / "x.png", "-depth", str(depth), "-colorspace", "Lab", source],
        ["convert", source, "-colorspace", "sRGB", judged],
    ]
    for command in commands:
        subprocess.run(command, check=True, capture_output=True)
    with Image.open(judged) as image:
        wanted = np.asarray(image.convert("RGB"), float)
    made = np.asarray(make(source, PNG, folder / f"{depth}").image.convert("RGB"), float)
    return float(np.abs(made - wanted).mean())


@needs_imagemagick
@pytest.mark.parametrize("depth", [2, 4, 10, 12, 14, 16])
def test_lab_of_any_depth_is_as_near_to_what_imagemagick_shows_as_that_of_8_bits(tmp_path, depth):
    assert error_of_lab(tmp_path, depth) < error_of_lab(tmp_path, 8) + 0.5 < 5  # ImageMagick has another white


@pytest.mark.parametrize("kind", ["i1", "i2", "i4"])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_gray_with_a_sign_is_said_to_have_no_known_black_and_white(tmp_path, kind, photometric):
    tifffile.imwrite(tmp_path / "x.tif", np.full((8, 8), 50, kind), photometric=photometric, metadata=None)
    error, message = failure(tmp_path / "x.tif", PNG, tmp_path / "out")
    assert error is ErrorKind.UNSUPPORTED
    assert "signed numbers" in message


def test_lab_of_16_bits_looks_as_that_of_8(tmp_path):
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    lab = np.stack([x * 8 % 256, (y * 4) % 100, (x * 3) % 80], -1).astype("u1")
    tifffile.imwrite(tmp_path / "8.tif", lab, photometric="cielab", metadata=None)
    tifffile.imwrite(tmp_path / "16.tif", lab.astype("u2") << 8, photometric="cielab", metadata=None)
    made = [levels_of(make(tmp_path / name, PNG, tmp_path / "out").image) for name in ("8.tif", "16.tif")]
    assert np.abs(made[0] - made[1]).max() < 1 / 120


def test_what_a_rare_tiff_says_of_itself_goes_on(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    tags = [(274, "H", 1, 6, True), (33432, "s", 0, "Ada", True), (34675, "B", len(profile), profile, True)]
    tifffile.imwrite(tmp_path / "x.tif", samples(drawn(3), "float32"), photometric="rgb", metadata=None, extratags=tags)
    made = make(tmp_path / "x.tif", recipe(Output(name="o.tif"), profile="keep"), tmp_path / "out").image
    assert made.size == (HEIGHT, WIDTH)
    assert made.getexif()[33432] == "Ada"
    assert made.info["icc_profile"] == profile


def test_all_pages_of_a_rare_tiff_are_read_and_its_small_copies_are_not(tmp_path):
    with tifffile.TiffWriter(tmp_path / "x.tif") as writer:
        for _ in range(3):
            writer.write(samples(drawn(3), "float32"), photometric="rgb", metadata=None)
        writer.write(samples(drawn(3)[::4, ::4], "float32"), photometric="rgb", subfiletype=1, metadata=None)
    (path,) = make(tmp_path / "x.tif", recipe(Output(name="o.tif")), tmp_path / "out").paths
    with Image.open(path) as made:
        assert getattr(made, "n_frames", 1) == 3


@pytest.mark.parametrize("high", [1.5, 1e30, float("inf"), float("nan")])
def test_floats_beyond_white_are_refused_with_their_values(tmp_path, high):
    content = samples(drawn(3), "float32")
    content[0, 0, 0] = high
    tifffile.imwrite(tmp_path / "x.tif", content, photometric="rgb", metadata=None)
    kind, message = failure(tmp_path / "x.tif", PNG, tmp_path / "out")
    assert kind is ErrorKind.UNSUPPORTED
    assert "no known black and white" in message


def test_a_rare_tiff_with_too_many_pixels_is_refused_before_they_are_decoded(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", samples(drawn(3), "float32"), photometric="rgb", metadata=None)
    kind, _ = failure(tmp_path / "x.tif", PNG, tmp_path / "out", max_pixels=HEIGHT * WIDTH - 1)
    assert kind is ErrorKind.TOO_LARGE


def test_a_rare_tiff_that_is_cut_off_is_unreadable(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", samples(drawn(3), "float32"), photometric="rgb", metadata=None)
    content = (tmp_path / "x.tif").read_bytes()
    (tmp_path / "x.tif").write_bytes(content[: len(content) // 2])
    kind, _ = failure(tmp_path / "x.tif", PNG, tmp_path / "out")
    assert kind is ErrorKind.UNREADABLE

"""JPEG 2000 by subsampling, components, depth, levels, tiles and offsets, at all sizes: against what was drawn."""

from __future__ import annotations

import itertools
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fileq.errors import ErrorKind
from fileq.files.containers import boxes
from fileq.images.formats import optional_codecs
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.support.images import failure, make, photo, pixel_of, recipe
from tests.support.judges import needs_openjpeg, psnr

WIDTH, HEIGHT = 256, 192
SIZES = (None, 128, 64, 32, 16)
SUBSAMPLINGS = {
    "4:4:4": "1x1:1x1:1x1", "4:2:2": "1x1:2x1:2x1", "4:2:0": "1x1:2x2:2x2", "4:4:0": "1x1:1x2:1x2",
    "4:1:1": "1x1:4x1:4x1", "4:2:0 and opacity": "1x1:2x2:2x2:1x1",
}  # fmt: skip
WAYS: dict[str, list[str]] = {
    "plain": [], "lossy": ["-I", "-r", "4"], "tiles": ["-t", "64,64"], "odd tiles": ["-t", "50,70"],
    "an offset": ["-d", "16,16"], "an odd offset": ["-d", "5,3"],
    "one resolution": ["-n", "1"], "two resolutions": ["-n", "2"], "seven resolutions": ["-n", "7"],
}  # fmt: skip
PNG = recipe(Output(name="o.png"))


def drawn(channels: int) -> NDArray[np.float64]:
    """A ramp in each channel, in another direction each, from 0 to 1."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    ramps = [x / (WIDTH - 1), y / (HEIGHT - 1), 1 - x / (WIDTH - 1), 0.3 + 0.7 * y / (HEIGHT - 1)]
    if channels == 2:  # opacity is never 0, where colors are lost
        ramps[1] = ramps[3]
    return np.asarray(np.stack(ramps[:channels], -1))


def in_ycc(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    red, green, blue = np.moveaxis(levels[..., :3], -1, 0)
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    colors = [light, (blue - light) / 1.772 + 0.5, (red - light) / 1.402 + 0.5]
    return np.asarray(np.stack([*colors, *np.moveaxis(levels[..., 3:], -1, 0)], -1))


def write(path: Path, levels: NDArray[np.float64], *options: str, depth: int = 8, grid: str = "") -> Path:
    """Have OpenJPEG compress these levels; `grid` is for the subsampling of each component."""
    steps = [tuple(map(int, part.split("x"))) for part in (grid or ":".join(["1x1"] * levels.shape[2])).split(":")]
    samples = np.round(levels * (2**depth - 1)).astype(">u2" if depth > 8 else "u1")
    raw = path.with_suffix(".raw")
    raw.write_bytes(b"".join(samples[::down, ::across, at].tobytes() for at, (across, down) in enumerate(steps)))
    form = f"{WIDTH},{HEIGHT},{len(steps)},{depth},u@{':'.join(f'{across}x{down}' for across, down in steps)}"
    subprocess.run(["opj_compress", "-i", raw, "-o", path, "-F", form, *options], check=True, capture_output=True)
    return path


def write_subsampled(path: Path, step: str, channels: int, *options: str, depth: int = 8) -> Path:
    """Have OpenJPEG compress the ramps so that each component has a sample at every so manieth point of the grid."""
    samples = np.round(drawn(channels) * (2**depth - 1)).astype(">u2" if depth > 8 else "u1")
    raw = path.with_suffix(".raw")
    raw.write_bytes(np.moveaxis(samples, -1, 0).tobytes())
    form = f"{WIDTH},{HEIGHT},{channels},{depth},u"
    command: list[Any] = ["opj_compress", "-i", raw, "-o", path, "-F", form, "-s", step, *options]
    subprocess.run(command, check=True, capture_output=True)
    return path


def error_of(source: Path, levels: NDArray[np.float64], folder: Path, side: int | None) -> float:
    """The largest difference of a channel from what was drawn, of 1, at a size that fits a side of so many pixels."""
    steps = () if side is None else (Resize(fit=Dimensions(side, side)),)
    made = make(source, recipe(Output(name="o.png"), steps=steps), folder).image
    found = np.atleast_3d(np.asarray(made).astype(float)) / (65535 if made.mode.startswith("I;16") else 255)
    bands = [Image.fromarray(band.astype(np.float32)) for band in np.moveaxis(levels, -1, 0)]
    wanted = np.stack([np.asarray(band.resize(made.size, Image.Resampling.LANCZOS)) for band in bands], -1)
    assert found.shape == wanted.shape
    return float(np.abs(found - wanted).max())


@needs_openjpeg
@pytest.mark.parametrize("ending", ["jp2", "j2k"])
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("way", ["plain", "lossy", "tiles"])
def test_subsampled_colors_are_right_at_every_size(tmp_path, ending, subsampling, way):
    if (subsampling, ending) == ("4:4:4", "j2k"):  # a raw codestream doesn't say that it is in YCC
        return
    grid = SUBSAMPLINGS[subsampling]
    levels = drawn(grid.count(":") + 1)
    path = write(tmp_path / f"x.{ending}", in_ycc(levels), "-mct", "0", *WAYS[way], grid=grid)
    for side in SIZES:
        assert error_of(path, levels, tmp_path / "out", side) < 0.05, side


@needs_openjpeg
@pytest.mark.parametrize("step", ["2,2", "1,2", "2,1", "4,4", "3,3"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("ending", ["jp2", "j2k"])
def test_components_that_are_all_subsampled_alike_are_the_picture(tmp_path, step, channels, ending):
    for number, options in enumerate(([], ["-t", "192,192"], ["-p", "PCRL"], ["-d", "12,24"])):
        path = write_subsampled(tmp_path / f"{number}.{ending}", step, channels, *options)
        for side in SIZES:
            assert error_of(path, drawn(channels), tmp_path / f"{number}", side) < 0.05, (options, side)


@needs_openjpeg
def test_more_than_8_bits_that_are_all_subsampled_alike_are_right(tmp_path):
    path = write_subsampled(tmp_path / "x.jp2", "2,2", 3, depth=12)
    assert error_of(path, drawn(3), tmp_path / "out", None) < 1 / 120


@needs_openjpeg
@pytest.mark.parametrize("step", ["2,2", "2,1", "4,4"])
def test_an_odd_offset_beside_subsampling_gives_what_openjpeg_decodes(tmp_path, step):
    path = write_subsampled(tmp_path / "x.jp2", step, 3, "-d", "5,3")
    subprocess.run(["opj_decompress", "-i", path, "-o", tmp_path / "x.ppm"], check=True, capture_output=True)
    with Image.open(tmp_path / "x.ppm") as wanted:
        assert make(path, PNG, tmp_path / "out").image.tobytes() == wanted.tobytes()


@needs_openjpeg
def test_tiles_that_do_not_fit_the_subsampling_are_said(tmp_path):
    path = write_subsampled(tmp_path / "x.jp2", "2,2", 3, "-t", "51,71")
    kind, message = failure(path, PNG, tmp_path / "out")
    assert kind is ErrorKind.UNSUPPORTED
    assert "tiles" in message


@needs_openjpeg
@pytest.mark.parametrize("grid", ["1x1:2x2", "2x2:1x1"])
def test_opacity_of_another_size_than_the_gray_it_is_for_is_said(tmp_path, grid):
    kind, message = failure(write(tmp_path / "x.jp2", drawn(2), grid=grid), PNG, tmp_path / "out")
    assert kind is ErrorKind.UNSUPPORTED
    assert "opacity" in message


@needs_openjpeg
@pytest.mark.parametrize("ending", ["jp2", "j2k"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("way", WAYS)
def test_it_is_right_at_every_size_however_it_is_laid_out(tmp_path, ending, channels, way):
    path = write(tmp_path / f"x.{ending}", drawn(channels), *WAYS[way])
    for side in SIZES:
        assert error_of(path, drawn(channels), tmp_path / "out", side) < 0.05, side


@needs_openjpeg
@pytest.mark.parametrize("depth", [*range(1, 11), 12, 14, 16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_black_and_white_are_right_at_every_depth(tmp_path, depth, channels):
    levels = np.round(drawn(channels) * (2**depth - 1)) / (2**depth - 1)
    path = write(tmp_path / "x.jp2", levels, depth=depth)
    assert error_of(path, levels, tmp_path / "out", None) < 1 / 120
    if depth > 4:  # else the steps of the ramp are seen
        assert error_of(path, levels, tmp_path / "out", 64) < 0.05


@needs_openjpeg
def test_more_than_8_bits_in_color_are_refused_without_the_library_that_reads_them(tmp_path, monkeypatch):
    monkeypatch.setattr(optional_codecs, "deep_jpeg_2000", lambda: None)
    path = write(tmp_path / "x.jp2", drawn(3), depth=12)
    kind, message = failure(path, PNG, tmp_path / "out")
    assert kind is ErrorKind.UNSUPPORTED
    assert "12 bits a channel" in message


@needs_openjpeg
def test_more_channels_than_there_are_colors_for_are_said(tmp_path):
    path = write(tmp_path / "x.jp2", np.repeat(drawn(1), 5, axis=2))
    kind, message = failure(path, PNG, tmp_path / "out")
    assert kind is ErrorKind.UNSUPPORTED
    assert "5 channels" in message


def shift(one: Image.Image, other: Image.Image) -> NDArray[np.float64]:
    """How many pixels two pictures of the same lie apart, across and down, by least squares."""
    first, second = (np.asarray(image.convert("L"), dtype=float) for image in (one, other))
    down, across = np.gradient((first + second) / 2)
    inner = slice(2, -2)
    slopes = np.stack([across[inner, inner].ravel(), down[inner, inner].ravel()], axis=1)
    return np.asarray(np.linalg.lstsq(slopes, (first - second)[inner, inner].ravel(), rcond=None)[0])


@needs_openjpeg
@pytest.mark.parametrize("size", [(1024, 768), (1023, 767), (1000, 700)])
@pytest.mark.parametrize("options", [[], ["-t", "256,256"], ["-I", "-r", "8"], ["-n", "2"], ["-d", "5,3"]])
def test_one_that_is_decoded_smaller_is_not_shifted_against_the_whole(tmp_path, size, options):
    picture = photo(size)
    picture.save(tmp_path / "s.ppm")
    command = ["opj_compress", "-i", tmp_path / "s.ppm", "-o", tmp_path / "x.jp2", *options]
    subprocess.run(command, check=True, capture_output=True)
    whole = make(tmp_path / "x.jp2", PNG, tmp_path / "out").image
    for share in (2, 3, 4, 8, 16, 32):
        steps = (Resize(fit=Dimensions(size[0] // share, size[0] // share)),)
        made = make(tmp_path / "x.jp2", recipe(Output(name="o.png"), steps=steps), tmp_path / "out").image
        wanted = whole.resize(made.size, Image.Resampling.LANCZOS)
        assert np.abs(shift(made, wanted)).max() < 0.05, share
        assert psnr(made, wanted) > 40, share


@needs_openjpeg
@pytest.mark.parametrize("gravity", ["northwest", "southeast"])
def test_a_part_of_one_that_is_decoded_smaller_is_the_same_part(tmp_path, gravity):
    photo((1000, 700)).save(tmp_path / "x.jp2", irreversible=False)
    photo((1000, 700)).save(tmp_path / "x.png")
    steps = (Resize(fill=Dimensions(40, 60), gravity=gravity),)
    made, wanted = (
        make(tmp_path / name, recipe(Output(name="{stem}-o.png"), steps=steps), tmp_path / f"{name}-out").image
        for name in ("x.jp2", "x.png")
    )
    assert psnr(made, wanted) > 38


@needs_openjpeg
@pytest.mark.parametrize("side", SIZES)
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_one_that_is_cut_off_is_unreadable_at_every_size(tmp_path, side, share):
    path = write(tmp_path / "x.jp2", drawn(3), "-t", "64,64")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    steps = () if side is None else (Resize(fit=Dimensions(side, side)),)
    kind, _ = failure(path, recipe(Output(name="o.png"), steps=steps), tmp_path / "out")
    assert kind is ErrorKind.UNREADABLE


COLORS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 0), (9, 8, 7)]  # one of them twice
ORDERS = list(itertools.permutations(range(3)))


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def with_boxes(path: Path, *added: bytes) -> None:
    """Add boxes to a picture's header."""
    content = path.read_bytes()
    with path.open("rb") as file:
        (header,) = [one for one in boxes(file) if one.name == b"jp2h"]
    whole = box(b"jp2h", content[header.payload : header.end] + b"".join(added))
    path.write_bytes(content[: header.start] + whole + content[header.end :])


def definitions(*channels: tuple[int, int, int]) -> bytes:
    """The number, type and color of each channel."""
    return box(b"cdef", struct.pack(">H", len(channels)) + b"".join(struct.pack(">HHH", *one) for one in channels))


def palette(columns: list[list[int]], depth: int = 8) -> bytes:
    form = ">B" if depth <= 8 else ">H"
    rows = b"".join(struct.pack(form, level) for row in zip(*columns, strict=True) for level in row)
    head = struct.pack(">HB", len(columns[0]), len(columns)) + bytes([depth - 1] * len(columns))
    mapping = b"".join(struct.pack(">HBB", 0, 1, number) for number in range(len(columns)))
    return box(b"pclr", head + rows) + box(b"cmap", mapping)


def indexes() -> Image.Image:
    """Squares of 16 pixels, each with the next index."""
    image = Image.new("L", (16 * len(COLORS), 16))
    for number in range(len(COLORS)):
        image.paste(number, (16 * number, 0, 16 * number + 16, 16))
    return image


def squares(path: Path, folder: Path, **keys: Any) -> list[tuple[int, ...]]:
    made = make(path, recipe(Output(name="o.png"), **keys), folder).image.convert("RGBA")
    side = made.width // len(COLORS)
    return [pixel_of(made, (side * number + side // 2, side // 2)) for number in range(len(COLORS))]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("side", [None, 48])
@pytest.mark.parametrize("depth", [8, 12])
def test_the_columns_of_a_palette_are_the_colors_that_their_definitions_say(tmp_path, order, side, depth):
    indexes().save(tmp_path / "x.jp2")
    scale = (2**depth - 1) / 255
    columns = palette([[round(color[which] * scale) for color in COLORS] for which in order], depth)
    with_boxes(tmp_path / "x.jp2", columns, definitions(*((at, 0, which + 1) for at, which in enumerate(order))))
    steps = () if side is None else (Resize(fit=Dimensions(side, side)),)
    assert squares(tmp_path / "x.jp2", tmp_path / "out", steps=steps) == [(*color, 255) for color in COLORS]


def test_a_palette_without_definitions_is_red_green_and_blue(tmp_path):
    indexes().save(tmp_path / "x.jp2")
    with_boxes(tmp_path / "x.jp2", palette([[color[which] for color in COLORS] for which in range(3)]))
    assert squares(tmp_path / "x.jp2", tmp_path / "out") == [(*color, 255) for color in COLORS]


@pytest.mark.parametrize("first", [False, True])
def test_a_palette_has_the_opacity_of_its_column(tmp_path, first):
    opacity = [255, 128, 64, 255, 10, 200]
    columns = [[color[which] for color in COLORS] for which in range(3)]
    indexes().save(tmp_path / "x.jp2")
    kinds = [(0, 1, 0), (1, 0, 1), (2, 0, 2), (3, 0, 3)] if first else [(0, 0, 1), (1, 0, 2), (2, 0, 3), (3, 1, 0)]
    with_boxes(tmp_path / "x.jp2", palette([opacity, *columns] if first else [*columns, opacity]), definitions(*kinds))
    wanted = [(*color, level) for color, level in zip(COLORS, opacity, strict=True)]
    assert squares(tmp_path / "x.jp2", tmp_path / "out") == wanted


def test_a_palette_of_gray_is_gray(tmp_path):
    indexes().save(tmp_path / "x.jp2")
    with_boxes(tmp_path / "x.jp2", palette([[color[0] for color in COLORS]]))
    assert squares(tmp_path / "x.jp2", tmp_path / "out") == [(color[0],) * 3 + (255,) for color in COLORS]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("side", [None, 48])
def test_components_are_the_colors_that_their_definitions_say(tmp_path, order, side):
    bands = [indexes().point([color[which] for color in COLORS] + [0] * 250) for which in order]
    Image.merge("RGB", bands).save(tmp_path / "x.jp2", irreversible=False, mct=0)
    with_boxes(tmp_path / "x.jp2", definitions(*((at, 0, which + 1) for at, which in enumerate(order))))
    steps = () if side is None else (Resize(fit=Dimensions(side, side)),)
    found = squares(tmp_path / "x.jp2", tmp_path / "out", steps=steps)
    for one, color in zip(found, COLORS, strict=True):
        assert max(abs(a - b) for a, b in zip(one, (*color, 255), strict=True)) < 40


def test_a_palette_with_more_columns_than_there_are_colors_for_is_not_said_to_be_damaged(tmp_path):
    indexes().save(tmp_path / "x.jp2")
    with_boxes(tmp_path / "x.jp2", palette([[color[0] for color in COLORS]] * 6))
    kind, message = failure(tmp_path / "x.jp2", PNG, tmp_path / "out")
    assert kind is ErrorKind.UNSUPPORTED
    assert "6 channels" in message


def test_a_palette_that_is_cut_off_is_damage(tmp_path):
    indexes().save(tmp_path / "x.jp2")
    with_boxes(tmp_path / "x.jp2", box(b"pclr", struct.pack(">HB", 200, 3) + bytes([7, 7, 7, 1, 2, 3])))
    assert failure(tmp_path / "x.jp2", PNG, tmp_path / "out")[0] is ErrorKind.UNREADABLE

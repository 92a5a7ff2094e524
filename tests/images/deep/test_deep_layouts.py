"""16 bits a channel in every layout of PNG and TIFF: all of them stay, or the job says that they don't."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from fileq.errors import ErrorKind
from fileq.files.containers import png_chunk
from fileq.images.formats import optional_codecs
from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from tests.support.images import failure, make, recipe

Samples = NDArray[np.uint16]
WIDTH, HEIGHT = 96, 64
KINDS = ["g", "la", "rgb", "rgba"]
BECAME = "Its 16 bits a channel became 8."


def samples(kind: str, *, opaque: bool = False) -> Samples:
    """Slopes that differ in their lower bytes, in each channel."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    gray = (x * 683 + y * 11) % 65536
    alpha = np.full_like(gray, 65535) if opaque else (y * 1000 + x * 3) % 65536 | 1
    colors = {"g": [gray], "la": [gray, alpha], "rgb": [gray, 65535 - gray, gray // 2 + 777]}
    channels = colors.get(kind) or [*colors["rgb"], alpha]
    return np.stack(channels, -1).astype(np.uint16)


def as_rgba(found: NDArray[Any]) -> NDArray[Any]:
    """All four channels, whatever a file has."""
    found = found if found.ndim == 3 else found[..., None]
    count = found.shape[-1]
    colors = found[..., :1].repeat(3, -1) if count < 3 else found[..., :3]
    most = np.iinfo(found.dtype).max
    alpha = found[..., -1:] if count in (2, 4) else np.full_like(found[..., :1], most)
    return np.concatenate([colors, alpha], -1)


def read(path: Path) -> NDArray[Any]:
    content = tifffile.imread(path) if path.suffix == ".tif" else imagecodecs.png_decode(path.read_bytes())
    return as_rgba(np.asarray(content))


def write_png(path: Path, values: Samples) -> Path:
    path.write_bytes(imagecodecs.png_encode(np.squeeze(values)))
    return path


def write_tiff(path: Path, values: Samples, *, planes: bool, **options: Any) -> Path:
    count = values.shape[-1]
    kind = "rgb" if count > 2 else "minisblack"
    extra = ["unassalpha"] if count in (2, 4) else []
    if count == 1:
        tifffile.imwrite(path, values[..., 0], photometric=kind, **options)
        return path
    data = np.moveaxis(values, -1, 0) if planes else values
    layout = "separate" if planes else "contig"
    tifffile.imwrite(path, data, photometric=kind, planarconfig=layout, extrasamples=extra, **options)
    return path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("opaque", [False, True])
@pytest.mark.parametrize("target", ["png", "tif"])
def test_every_bit_of_a_png_stays(tmp_path, kind, opaque, target):
    values = samples(kind, opaque=opaque)
    made = make(write_png(tmp_path / "x.png", values), recipe(Output(name=f"o.{target}")), tmp_path / "out")
    assert np.array_equal(read(made.paths[0]), as_rgba(values))
    assert made.notes == ()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("planes", [False, True])
@pytest.mark.parametrize(("compression", "order"), list(itertools.product([None, "zlib", "lzw"], "<>")))
def test_every_bit_of_a_tiff_stays(tmp_path, kind, planes, compression, order):
    values = samples(kind)
    path = write_tiff(tmp_path / "x.tif", values, planes=planes, compression=compression, byteorder=order)
    for target in ("png", "tif"):
        made = make(path, recipe(Output(name=f"o.{target}")), tmp_path / "out")
        assert np.array_equal(read(made.paths[0]), as_rgba(values))
        assert made.notes == ()


@pytest.mark.parametrize("kind", ["la", "rgb", "rgba"])
@pytest.mark.parametrize("tile", [(16, 32), (64, 96)])
def test_every_bit_of_tiles_in_planes_stays(tmp_path, kind, tile):
    values = samples(kind)
    path = write_tiff(tmp_path / "x.tif", values, planes=True, tile=tile, compression="zlib", predictor=True)
    made = make(path, recipe(Output(name="o.png")), tmp_path / "out")
    assert np.array_equal(read(made.paths[0]), as_rgba(values))


@pytest.mark.parametrize("kind", ["la", "rgb"])
def test_pages_of_planes_stay_what_they_are(tmp_path, kind):
    first, second = samples(kind), samples(kind)[::-1].copy()
    path = write_tiff(tmp_path / "x.tif", first, planes=True)
    write_tiff(path, second, planes=True, append=True)
    made = make(path, recipe(Output(name="{page}.png")), tmp_path / "out")
    for path, values in zip(made.paths, (first, second), strict=True):
        assert np.array_equal(read(path), as_rgba(values))


@pytest.mark.parametrize("write", [write_png, lambda path, values: write_tiff(path, values, planes=True)])
def test_steps_keep_the_bits_of_gray_with_alpha(tmp_path, write):
    values = samples("la", opaque=False)
    steps = (Crop(box=(8, 8, 72, 56)),)
    made = make(write(tmp_path / "x", values), recipe(Output(name="o.png"), steps=steps), tmp_path / "out")
    assert np.array_equal(read(made.paths[0]), as_rgba(values)[8:56, 8:72])
    half = make(tmp_path / "x", recipe(Output(name="h.png"), steps=(Resize(scale=0.5),)), tmp_path / "out")
    assert read(half.paths[0]).dtype == np.uint16


def test_planes_become_8_bits_without_the_library_that_reads_them_and_the_job_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(optional_codecs, "rare_tiff", lambda: None)
    values = samples("rgb")
    path = write_tiff(tmp_path / "x.tif", values, planes=True, compression="zlib")
    made = make(path, recipe(Output(name="o.png")), tmp_path / "out")
    assert made.notes == (BECAME,)
    assert np.abs(read(made.paths[0]).astype(float) * 257 - as_rgba(values)).max() < 257


def test_planes_that_are_cut_off_are_unreadable(tmp_path):
    path = write_tiff(tmp_path / "x.tif", samples("rgb"), planes=True, compression="zlib", rowsperstrip=8)
    with tifffile.TiffFile(path) as tiff:
        last = max(tiff.pages[0].aspage().dataoffsets)
    content = bytearray(path.read_bytes())
    content[last + 4 : last + 40] = bytes(36)
    path.write_bytes(content)
    assert failure(path, recipe(Output(name="o.png")), tmp_path / "out")[0] is ErrorKind.UNREADABLE


def test_one_transparent_colour_of_16_bits_makes_8_and_the_job_says_so(tmp_path):
    path = write_png(tmp_path / "x.png", samples("rgb"))
    content = path.read_bytes()
    path.write_bytes(content[:33] + png_chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3)) + content[33:])
    made = make(path, recipe(Output(name="o.png")), tmp_path / "out")
    assert "16 bits" in made.notes[0]

"""TIFFs with extra samples in planes, as Photoshop writes them: they look as those with samples side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from fileq.errors import ErrorKind
from fileq.images.formats import optional_codecs
from fileq.recipes.recipe import Output
from tests.support.images import failure, make, photo, recipe

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PNG = recipe(Output(name="o.png"))
UNSPECIFIED, ASSOCIATED, UNASSOCIATED = 0, 1, 2


def samples(kind: str, extra: int, bits: int) -> NDArray[Any]:
    """A photo that fades away to its left, in the shape (height, width, samples)."""
    levels = np.asarray(photo((64, 48)), float) / 255
    alpha = np.tile(np.linspace(0.2, 1, 64)[None, :, None], (48, 1, 1))
    colors = levels if kind in {"rgb", "separated"} else levels[..., :1]
    if kind == "separated":
        colors = np.concatenate([1 - colors, np.zeros_like(alpha)], -1)
    if extra == ASSOCIATED and kind != "separated":
        colors = colors * alpha
    white = 2**bits - 1
    return np.asarray(np.round(np.concatenate([colors, alpha], -1) * white), f"u{bits // 8}")


def write(path: Path, pixels: NDArray[Any], kind: str, extra: int, *, planes: bool, **options: Any) -> Path:
    content = np.moveaxis(pixels, -1, 0).copy() if planes else pixels
    layout = "separate" if planes else "contig"
    tifffile.imwrite(
        path, content, photometric=kind, planarconfig=layout, extrasamples=[extra], metadata=None, **options
    )
    return path


@pytest.mark.parametrize("kind", ["minisblack", "miniswhite", "rgb", "separated"])
@pytest.mark.parametrize("extra", [UNSPECIFIED, ASSOCIATED, UNASSOCIATED])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("compression", [None, "lzw", "deflate"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
def test_planes_look_as_samples_side_by_side(tmp_path, kind, extra, bits, compression, tile):
    pixels = samples(kind, extra, bits)
    images = [
        make(
            write(tmp_path / "x.tif", pixels, kind, extra, planes=planes, compression=compression, tile=tile),
            PNG,
            tmp_path / f"{planes}",
        ).image.convert("RGBA")
        for planes in (False, True)
    ]
    by_side, in_planes = (np.asarray(image, int) for image in images)
    assert np.abs(by_side - in_planes).max() <= (5 if extra == ASSOCIATED else 1)  # Pillow divides by 8 bits of alpha


@pytest.mark.parametrize("planes", [False, True])
def test_gray_with_opacity_is_gray_with_opacity(tmp_path, planes):
    pixels = samples("minisblack", UNASSOCIATED, 8)
    path = write(tmp_path / "x.tif", pixels, "minisblack", UNASSOCIATED, planes=planes)
    shown = np.asarray(make(path, PNG, tmp_path / "out").image.convert("LA"))
    assert (shown == pixels).all()


def test_without_what_reads_it_the_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(optional_codecs, "rare_tiff", lambda: None)
    pixels = samples("minisblack", UNASSOCIATED, 8)
    path = write(tmp_path / "x.tif", pixels, "minisblack", UNASSOCIATED, planes=True)
    kind, message = failure(path, PNG, tmp_path / "out")
    assert kind is ErrorKind.UNSUPPORTED
    assert "package" in message

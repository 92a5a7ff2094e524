"""A gain map lies where its picture does, to a fraction of a pixel: the map is the picture in gray, and laid over it.

What is measured is how far both lie apart, by least squares, whatever the size, the map's scale and the orientation.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fileq.operations.base import Operation
from fileq.operations.builtin.border import Border
from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.flip import Flip
from fileq.operations.builtin.pad import Pad
from fileq.operations.builtin.resize import Resize
from fileq.operations.builtin.rotate import Rotate
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.images.gain_maps import parser, ultra_hdr
from tests.support.images import make, photo, recipe

ORIENTATION = 0x0112
EDGE = 12  # pixels
LAID = {1: None, 3: Image.Transpose.ROTATE_180, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90}
STEPS: dict[str, tuple[Operation, ...]] = {
    "none": (),
    "resize": (Resize(fit=Dimensions(120, None)),),
    "fill": (Resize(fill=Dimensions(101, 77)),),
    "exact": (Resize(exact=Dimensions(91, 151)),),
    "crop": (Crop(box=(31, 17, 190, 119)),),
    "crop by odd pixels": (Crop(box=(3, 1, 202, 141)),),
    "crop and resize": (Crop(box=(31, 17, 190, 119)), Resize(fit=Dimensions(77, 77))),
    "turn": (Rotate(degrees=90),),
    "turn and crop": (Rotate(degrees=-90), Crop(box=(5, 9, 100, 150))),
    "rotate": (Rotate(degrees=17, color="black"),),
    "flip and crop": (Flip(), Crop(box=(7, 7, 180, 140))),
    "pad": (Pad(canvas=Dimensions(301, 299), color="black"),),
    "border": (Border(width=21, color="black"),),
    "narrow border": (Border(width=3, color="black"),),
}


def source(path: Path, size: tuple[int, int], scale: int, orientation: int) -> Path:
    picture = photo(size)
    small = (round(size[0] / scale), round(size[1] / scale))
    map_image = picture.convert("L").resize(small, Image.Resampling.LANCZOS)
    turn = LAID[orientation]
    if turn is not None:
        picture, map_image = picture.transpose(turn), map_image.transpose(turn)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return ultra_hdr.write(path, picture, map_image, exif=exif.tobytes(), quality=97)


def inside(gray: Image.Image) -> tuple[int, int, int, int]:
    """The box of what is not black around it, less what a map's own pixels soften."""
    left, top, right, bottom = gray.point([0] * 24 + [255] * 232).getbbox() or (0, 0, *gray.size)
    edge = EDGE if (left, top, right, bottom) != (0, 0, *gray.size) else 0
    return left + edge, top + edge, right - edge, bottom - edge


def distance(one: Image.Image, other: Image.Image) -> NDArray[np.float64]:
    """How many pixels two gray pictures of the same lie apart, across and down."""
    first, second = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    down, across = np.gradient((first + second) / 2)
    inner = slice(6, -6)
    slopes = np.stack([across[inner, inner].ravel(), down[inner, inner].ravel()], axis=1)
    return np.asarray(np.linalg.lstsq(slopes, (first - second)[inner, inner].ravel(), rcond=None)[0])


@pytest.mark.parametrize("orientation", LAID)
@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize("size", [(243, 161), (240, 160), (1001, 667)])
def test_the_map_lies_on_its_picture_after_every_step(tmp_path, size, scale, orientation):
    path = source(tmp_path / "x.jpg", size, scale, orientation)
    for name, steps in STEPS.items():
        made = make(path, recipe(Output(name="o.jpg", format="jpeg", quality=97), steps=steps), tmp_path / "out")
        map_image = parser.parse(made.paths[0]).map_image.convert("L")
        gray = made.image.convert("L")
        laid = map_image.resize(gray.size, Image.Resampling.BICUBIC)
        wanted = gray.resize(map_image.size, Image.Resampling.LANCZOS).resize(gray.size, Image.Resampling.BICUBIC)
        box = inside(gray)
        assert np.abs(distance(laid.crop(box), wanted.crop(box))).max() < 0.25, name

"""A JPEG that its decoder makes smaller lies where the whole does, also where no side is a multiple of 8."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.support.images import make, photo, recipe
from tests.support.judges import psnr


@pytest.mark.parametrize("size", [(1000, 664), (1001, 667), (1007, 671), (905, 601)])
@pytest.mark.parametrize("share", [2, 3, 4, 8])
def test_one_that_is_decoded_smaller_is_not_shifted_against_the_whole(tmp_path, size, share):
    photo(size).save(tmp_path / "x.jpg", quality=97)
    wanted_size = (size[0] // share, size[1] // share)
    steps = (Resize(exact=Dimensions(*wanted_size)),)
    made = make(tmp_path / "x.jpg", recipe(Output(name="o.png"), steps=steps), tmp_path / "out").image
    with Image.open(tmp_path / "x.jpg") as image:
        wanted = image.resize(wanted_size, Image.Resampling.LANCZOS)
    assert made.size == wanted_size
    assert psnr(made, wanted) > 35


def test_the_last_column_of_one_that_is_decoded_smaller_is_the_last(tmp_path):
    """Of 1001 pixels an eighth are 125.125: the picture ends an eighth of a pixel into the last of 126."""
    ramp = np.linspace(0, 255, 1001).round().astype(np.uint8)[None].repeat(400, axis=0)
    Image.fromarray(ramp).save(tmp_path / "x.jpg", quality=100)
    steps = (Resize(exact=Dimensions(100, 40)),)
    made = make(tmp_path / "x.jpg", recipe(Output(name="o.png"), steps=steps), tmp_path / "out").image
    wanted = Image.fromarray(ramp).resize((100, 40), Image.Resampling.LANCZOS)
    assert np.abs(np.asarray(made, dtype=int) - np.asarray(wanted, dtype=int)).max() <= 1

"""JPEGs of a few pixels: colour of half the resolution would be one colour for all of them."""

from __future__ import annotations

import pytest
from PIL import Image, JpegImagePlugin

from fileq.recipes.recipe import Output
from tests.support.images import close, make, pixel_of, recipe


@pytest.mark.parametrize("size", [(2, 2), (16, 16), (300, 4)])
def test_a_tiny_jpeg_keeps_its_colors_apart(tmp_path, size):
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, *size))
    picture.save(tmp_path / "x.png")
    made = make(tmp_path / "x.png", recipe(Output(name="o.jpg", format="jpeg")), tmp_path / "out").image
    assert close(pixel_of(made, (0, 0)), (255, 0, 0), by=60)
    assert close(pixel_of(made, (size[0] - 1, size[1] - 1)), (0, 0, 255), by=60)


def test_one_that_is_not_tiny_has_half_of_it(tmp_path):
    Image.new("RGB", (17, 17), "red").save(tmp_path / "x.png")
    made = make(tmp_path / "x.png", recipe(Output(name="o.jpg", format="jpeg")), tmp_path / "out")
    with Image.open(made.paths[0]) as image:
        assert JpegImagePlugin.get_sampling(image) == 2

"""Grayscale, sharpen and adjust."""

import pytest
from PIL import Image

from fileq.operations.builtin.adjust import Adjust
from fileq.operations.builtin.grayscale import Grayscale
from fileq.operations.builtin.sharpen import Sharpen
from tests.support.images import level_of, pixel_of


@pytest.mark.parametrize(("mode", "result"), [("L", "L"), ("LA", "LA"), ("RGB", "L"), ("RGBA", "LA"), ("I;16", "I;16")])
def test_grayscale_takes_the_colors_and_nothing_else(mode, result):
    assert Grayscale().apply(Image.new(mode, (2, 2))).mode == result


def test_gray_is_the_luma_of_the_color():
    assert Grayscale().apply(Image.new("RGBA", (1, 1), (200, 100, 50, 77))).getpixel((0, 0)) == (124, 77)


@pytest.mark.parametrize(
    ("adjust", "result"),
    [
        (Adjust(brightness=2), (200, 100, 255)),
        (Adjust(brightness=0), (0, 0, 0)),
        (Adjust(contrast=2), (72, 0, 233)),
        (Adjust(contrast=0), (128, 128, 128)),
        (Adjust(saturation=0), (80, 80, 80)),
        (Adjust(gamma=2), (160, 113, 214)),
        (Adjust(gamma=0.5), (39, 10, 127)),
    ],
)
def test_adjust_computes_what_the_manual_says(adjust, result):
    assert adjust.apply(Image.new("RGB", (1, 1), (100, 50, 180))).getpixel((0, 0)) == result


@pytest.mark.parametrize("parameters", [{"brightness": 0.5}, {"saturation": 2.0}, {"gamma": 2.0}])
def test_adjust_leaves_transparency_alone(parameters):
    result = Adjust(**parameters).apply(Image.new("RGBA", (1, 1), (100, 50, 180, 33)))
    assert pixel_of(result, (0, 0))[3] == 33


@pytest.mark.parametrize("parameters", [{}, {"brightness": -1.0}, {"gamma": 0.0}, {"contrast": 11.0}])
def test_factors_that_cannot_be_or_do_nothing_are_refused(parameters):
    with pytest.raises(ValueError, match=r"factor|at least one"):
        Adjust(**parameters)


def edge(mode, dark, light):
    image = Image.new(mode, (40, 10), dark)
    image.paste(light, (20, 0, 40, 10))
    return image


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_sharpen_makes_an_edge_steeper_and_leaves_plain_parts(mode):
    image = edge("L", 100, 150).convert(mode)
    result = Sharpen().apply(image)
    row = [level_of(result, (x, 5)) if mode == "L" else pixel_of(result, (x, 5))[0] for x in range(40)]
    assert row[19] < 100
    assert row[20] > 150
    assert (row[5], row[35]) == (100, 150)


def test_sharpen_leaves_differences_below_the_threshold():
    image = edge("L", 100, 104)
    assert Sharpen(threshold=10).apply(image).tobytes() == image.tobytes()


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_what_is_clear_leaves_no_rim_when_sharpened(mode):
    image = edge("RGBA", (128, 128, 128, 255), (255, 255, 255, 0)).convert(mode)
    result = Sharpen(amount=300).apply(image)
    assert {pixel_of(result, (x, 5))[0] for x in range(20)} == {128}
    assert result.getchannel("A").tobytes() == image.getchannel("A").tobytes()


@pytest.mark.parametrize("parameters", [{"radius": 0.0}, {"amount": 0}, {"threshold": 256}])
def test_sharpening_that_cannot_be_is_refused(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        Sharpen(**parameters)

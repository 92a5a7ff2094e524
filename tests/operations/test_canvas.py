"""Pad and border: a picture on a larger ground."""

import pytest
from PIL import Image

from fileq.operations.builtin.border import Border
from fileq.operations.builtin.pad import Pad
from fileq.units import Dimensions, Size
from tests.support.images import colors_of


def pad(size, **rest):
    return Pad(canvas=Dimensions.parse(size), **rest)


@pytest.mark.parametrize(
    ("size", "canvas", "result"),
    [
        ((400, 300), "500x500", (500, 500)),
        ((4000, 3000), "500x500", (500, 500)),
        ((400, 300), "500x", (500, 300)),
        ((400, 300), "x200", (267, 200)),
    ],
)
def test_the_result_has_the_size_of_the_canvas(size, canvas, result):
    assert pad(canvas).size(Size(*size)) == result


@pytest.mark.parametrize(("gravity", "place"), [("northwest", (0, 0)), ("center", (20, 40)), ("southeast", (40, 80))])
def test_the_picture_lies_where_gravity_says(gravity, place):
    result = pad("100x100", gravity=gravity).apply(Image.new("RGB", (60, 20), "red"))
    assert result.getpixel(place) == (255, 0, 0)
    assert sorted(colors_of(result)) == [(1200, (255, 0, 0)), (8800, (255, 255, 255))]


def test_a_larger_picture_is_made_smaller_and_a_smaller_one_is_not_enlarged():
    assert pad("100x100", color="blue").apply(Image.new("RGB", (400, 200), "red")).getcolors() == [
        (5000, (255, 0, 0)),
        (5000, (0, 0, 255)),
    ]
    assert pad("100x100", color="blue").apply(Image.new("RGB", (10, 10), "red")).getcolors() == [
        (100, (255, 0, 0)),
        (9900, (0, 0, 255)),
    ]


@pytest.mark.parametrize(
    ("mode", "color", "result"),
    [
        ("L", "white", "L"),
        ("L", "red", "RGB"),
        ("L", "transparent", "LA"),
        ("LA", "#ff000080", "RGBA"),
        ("RGB", "gray", "RGB"),
        ("RGB", "transparent", "RGBA"),
        ("RGBA", "white", "RGBA"),
    ],
)
def test_the_mode_changes_only_where_the_color_needs_it(mode, color, result):
    assert Border(width=1, color=color).apply(Image.new(mode, (3, 3))).mode == result


def test_a_border_lies_on_all_four_sides():
    result = Border(width=5, color="#102030").apply(Image.new("RGB", (20, 10), "white"))
    assert result.size == (30, 20)
    assert result.crop((5, 5, 25, 15)).getcolors() == [(200, (255, 255, 255))]
    assert sorted(colors_of(result)) == [(200, (255, 255, 255)), (400, (16, 32, 48))]


def test_what_is_transparent_stays_transparent_on_the_canvas():
    result = Border(width=1, color="white").apply(Image.new("RGBA", (2, 2), (9, 9, 9, 0)))
    assert result.getpixel((1, 1)) == (9, 9, 9, 0)


@pytest.mark.parametrize("width", [0, -3, 10_001])
def test_a_border_has_at_least_a_pixel(width):
    with pytest.raises(ValueError, match="1 to 10000"):
        Border(width=width)


def test_an_unknown_color_is_refused_when_the_config_is_read():
    with pytest.raises(ValueError, match="'whit' is no colour"):
        pad("10x10", color="whit")

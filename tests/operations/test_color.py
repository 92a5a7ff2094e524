import pytest
from PIL import ImageColor

from fileq.operations.color import _NAMES, Color, parse_color


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("#f80", (255, 136, 0, 255)),
        ("#FF8800", (255, 136, 0, 255)),
        ("#ff880080", (255, 136, 0, 128)),
        ("transparent", (0, 0, 0, 0)),
        (" RebeccaPurple ", (102, 51, 153, 255)),
    ],
)
def test_a_color_is_read_in_every_way_that_people_write_it(text, color):
    assert parse_color(text) == color


@pytest.mark.parametrize("text", ["", "#", "#12", "#12345", "#ggg", "##123", "none", "rgb(1,2,3)"])
def test_what_is_no_color_is_refused_with_the_remedy(text):
    with pytest.raises(ValueError, match="CSS name"):
        parse_color(text)


def test_the_names_are_those_that_pillow_knows():
    assert {name: parse_color(name)[:3] for name in _NAMES} == {
        name: ImageColor.getrgb(name) for name in ImageColor.colormap
    }


def test_white_is_lighter_than_yellow_than_red_than_black():
    lumas = [parse_color(name).luma for name in ("white", "yellow", "red", "black")]
    assert lumas == sorted(lumas, reverse=True)


def test_only_equal_channels_are_gray():
    assert parse_color("silver").is_gray
    assert not parse_color("ivory").is_gray


def test_premultiplied_values_are_scaled_by_opacity():
    assert Color(200, 100, 0, 51).premultiplied == (40, 20, 0, 51)

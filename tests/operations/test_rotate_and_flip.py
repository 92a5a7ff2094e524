"""Rotate and flip."""

import pytest
from PIL import Image

from fileq.operations.builtin.flip import Flip
from fileq.operations.builtin.rotate import Rotate
from fileq.units import Size
from tests.support.images import colors_of


def corners(image):
    """Those at the top left, top right, bottom right, bottom left."""
    right, bottom = image.width - 1, image.height - 1
    return [image.getpixel(place) for place in ((0, 0), (right, 0), (right, bottom), (0, bottom))]


@pytest.fixture(params=["L", "I;16"])
def numbered(request):
    image = Image.new(request.param, (3, 2), 9)
    for shade, place in enumerate([(0, 0), (2, 0), (2, 1), (0, 1)]):
        image.putpixel(place, shade)
    return image


@pytest.mark.parametrize(
    ("degrees", "result"),
    [(0, [0, 1, 2, 3]), (90, [3, 0, 1, 2]), (180, [2, 3, 0, 1]), (-90, [1, 2, 3, 0]), (360, [0, 1, 2, 3])],
)
def test_right_angles_turn_clockwise_and_lose_nothing(numbered, degrees, result):
    turned = Rotate(degrees=degrees).apply(numbered)
    assert (corners(turned), turned.mode) == (result, numbered.mode)


@pytest.mark.parametrize(("direction", "result"), [("horizontal", [1, 0, 3, 2]), ("vertical", [3, 2, 1, 0])])
def test_flip_lets_two_sides_change_places(numbered, direction, result):
    assert corners(Flip(direction=direction).apply(numbered)) == result


@pytest.mark.parametrize(
    ("degrees", "expand", "size"),
    [(45, True, (213, 213)), (30, True, (224, 187)), (45, False, (200, 100)), (90, False, (200, 100))],
)
def test_the_result_grows_only_where_it_may(degrees, expand, size):
    assert Rotate(degrees=degrees, expand=expand).size(Size(200, 100)) == size


def test_other_angles_turn_clockwise_too():
    image = Image.new("L", (101, 101))
    image.paste(255, (48, 0, 53, 20))  # at 12 o'clock
    turned = Rotate(degrees=45, expand=False, color="black").apply(image)
    assert turned.getpixel((78, 22)) == 255  # at half past one


def test_a_picture_is_not_shifted_by_turning_it_a_hair():
    image = Image.radial_gradient("L")
    turned = Rotate(degrees=0.01, expand=False, color="black").apply(image)
    inside = (60, 60, 200, 200)
    pairs = zip(image.crop(inside).tobytes(), turned.crop(inside).tobytes(), strict=True)
    assert max(abs(before - after) for before, after in pairs) <= 1


def test_the_corners_are_clear_unless_a_color_is_given():
    image = Image.new("RGB", (40, 20), "red")
    assert corners(Rotate(degrees=45).apply(image)) == [(0, 0, 0, 0)] * 4
    assert corners(Rotate(degrees=45, color="lime").apply(image)) == [(0, 255, 0)] * 4


def test_edges_are_smooth_and_have_only_the_colors_of_both_sides():
    turned = Rotate(degrees=20).apply(Image.new("RGB", (60, 40), (255, 0, 0)))
    alphas = {alpha for _, (_, _, _, alpha) in colors_of(turned)}
    assert len(alphas) > 10
    assert {color[:3] for _, color in colors_of(turned) if color[3]} == {(255, 0, 0)}


def test_an_angle_beyond_a_full_turn_is_refused():
    with pytest.raises(ValueError, match="-360 to 360"):
        Rotate(degrees=361)

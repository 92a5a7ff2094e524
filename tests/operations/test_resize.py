import pytest
from PIL import Image

from fileq.operations.builtin.resize import Resize
from fileq.units import Dimensions, Size
from tests.support.images import pixel_of

PHOTO = Size(4000, 3000)


def box(text: str) -> Dimensions:
    return Dimensions.parse(text)


@pytest.mark.parametrize(
    ("resize", "size"),
    [
        (Resize(fit=box("1600x1600")), (1600, 1200)),
        (Resize(fit=box("1600x")), (1600, 1200)),
        (Resize(fit=box("x300")), (400, 300)),
        (Resize(fit=box("8000x8000")), (4000, 3000)),
        (Resize(fit=box("8000x8000"), enlarge=True), (8000, 6000)),
        (Resize(fill=box("300x300")), (300, 300)),
        (Resize(fill=box("6000x6000")), (3000, 3000)),
        (Resize(fill=box("6000x6000"), enlarge=True), (6000, 6000)),
        (Resize(exact=box("100x500")), (100, 500)),
        (Resize(exact=box("8000x")), (8000, 6000)),
        (Resize(scale=0.25), (1000, 750)),
        (Resize(scale=2), (8000, 6000)),
    ],
)
def test_a_photo_of_4000x3000_gets_the_size_that_the_manual_says(resize, size):
    assert resize.size(PHOTO) == size


@pytest.mark.parametrize(
    ("size", "wanted", "result"), [((3, 2), "1x", (1, 1)), ((2, 5), "1x", (1, 3)), ((1, 9), "x1", (1, 1))]
)
def test_halves_are_rounded_up_and_no_side_is_less_than_1(size, wanted, result):
    assert Resize(fit=box(wanted)).size(Size(*size)) == result


@pytest.mark.parametrize(
    ("parameters", "remedy"),
    [
        ({}, "exactly one"),
        ({"fit": box("1x"), "scale": 0.5}, "exactly one"),
        ({"fill": box("300x")}, "both sides"),
        ({"scale": 0.0}, "above 0"),
        ({"fit": box("300x"), "gravity": "north"}, "without fill"),
    ],
)
def test_parameters_that_cannot_be_are_refused_with_the_remedy(parameters, remedy):
    with pytest.raises(ValueError, match=remedy):
        Resize(**parameters)


@pytest.mark.parametrize(("gravity", "shade"), [("west", 0), ("center", 100), ("east", 200)])
def test_fill_keeps_the_part_that_gravity_names(gravity, shade):
    image = Image.new("L", (300, 100))
    image.paste(100, (100, 0, 200, 100))
    image.paste(200, (200, 0, 300, 100))
    result = Resize(fill=box("50x50"), gravity=gravity).apply(image)
    assert result.getpixel((25, 25)) == shade


def test_the_color_of_clear_pixels_does_not_bleed_into_others():
    image = Image.new("RGBA", (100, 100), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 50, 100))
    result = Resize(fit=box("33x")).apply(image)
    seen = [pixel_of(result, (x, 16)) for x in range(33)]
    assert all(red == 0 for red, _, _, alpha in seen if alpha)


def test_16_bit_gray_stays_16_bit_gray():
    result = Resize(fit=box("10x")).apply(Image.new("I;16", (100, 100), 30000))
    assert (result.mode, result.getpixel((5, 5))) == ("I;16", 30000)


def test_a_picture_that_has_the_size_already_is_not_copied():
    image = Image.new("RGB", (100, 50))
    assert Resize(fit=box("200x200")).apply(image) is image


def test_what_a_file_says_of_itself_is_kept():
    image = Image.new("RGB", (100, 50))
    image.info["icc_profile"] = b"profile"
    assert Resize(fit=box("10x")).apply(image).info["icc_profile"] == b"profile"

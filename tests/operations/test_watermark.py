import os
from itertools import product

import pytest
from PIL import Image, ImageChops

from fileq.errors import ErrorKind, JobError
from fileq.operations.builtin.mark import font_problem
from fileq.operations.builtin.watermark import Watermark
from tests.support.images import colors_of, pixel_of


def marked_box(before, after):
    return ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox()


@pytest.fixture
def photo():
    return Image.new("RGB", (400, 300), "gray")


@pytest.fixture
def logo(tmp_path):
    path = tmp_path / "logo.png"
    image = Image.new("RGBA", (100, 50), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (25, 0, 75, 50))
    image.save(path)
    return str(path)


@pytest.mark.parametrize(
    ("parameters", "remedy"),
    [
        ({}, "exactly one"),
        ({"text": "a", "picture": "b.png"}, "exactly one"),
        ({"text": "  "}, "1 to 1000 letters"),
        ({"text": "a", "share": 0.0}, "0.01 to 1"),
        ({"text": "a", "margin": 0.5}, "0 to 0.4"),
        ({"text": "a", "opacity": 50.0}, "0 to 1"),
        ({"text": "a", "color": "nope"}, "no colour"),
        ({"picture": "a.png", "font": "x.ttf"}, "font is for a text"),
    ],
)
def test_parameters_that_cannot_be_are_refused_with_the_remedy(parameters, remedy):
    with pytest.raises(ValueError, match=remedy):
        Watermark(**parameters)


def test_a_text_has_the_share_of_the_width_and_the_margin_that_were_asked_for(photo):
    left, top, right, bottom = marked_box(photo, Watermark(text="© Ann Smith", share=0.5, margin=0.1).apply(photo))
    assert 190 <= right - left <= 200
    assert 368 <= right <= 370
    assert 265 <= bottom <= 270
    assert top > 200


@pytest.mark.parametrize(
    ("gravity", "corner"), [("northwest", (9, 9)), ("center", (160, 130)), ("southeast", (311, 251))]
)
def test_a_picture_lies_where_gravity_says(photo, logo, gravity, corner):
    box = marked_box(photo, Watermark(picture=logo, share=0.2, gravity=gravity, opacity=1).apply(photo))
    assert box == pytest.approx((corner[0] + 20, corner[1], corner[0] + 60, corner[1] + 40), abs=1)


@pytest.mark.parametrize(("opacity", "red"), [(0, 128), (0.5, 192), (1, 255)])
def test_opacity_mixes_the_mark_with_the_photo(photo, logo, opacity, red):
    result = Watermark(picture=logo, gravity="center", opacity=opacity).apply(photo)
    assert pixel_of(result, (200, 150))[0] == pytest.approx(red, abs=1)


@pytest.mark.parametrize("color", ["white", "black"])
@pytest.mark.parametrize("text", ["Ann", "Ann\nSmith"])
def test_a_text_shows_on_a_ground_of_its_own_color(text, color):
    ground = Image.new("RGB", (400, 300), color)
    assert marked_box(ground, Watermark(text=text, color=color).apply(ground)) is not None


def test_tiles_lie_in_every_part_of_the_photo(photo):
    result = Watermark(text="PROOF", tiled=True, share=0.15).apply(photo)
    for column, row in product(range(4), range(3)):
        part = (column * 100, row * 100, column * 100 + 100, row * 100 + 100)
        assert marked_box(photo.crop(part), result.crop(part)) is not None


@pytest.mark.parametrize(
    ("mode", "color", "result"),
    [("L", "white", "L"), ("L", "red", "RGB"), ("LA", "black", "LA"), ("LA", "red", "RGBA")],
)
def test_a_gray_picture_stays_gray_unless_the_text_has_a_color(mode, color, result):
    assert Watermark(text="Ann", color=color).apply(Image.new(mode, (60, 40))).mode == result


def test_a_mark_is_seen_where_the_photo_is_clear(logo):
    result = Watermark(picture=logo, gravity="center", opacity=0.5).apply(Image.new("RGBA", (400, 300)))
    assert result.getpixel((200, 150)) == (255, 0, 0, 128)


def test_text_on_a_clear_ground_has_no_colors_but_its_own():
    result = Watermark(text="Ann", color="white", share=1, opacity=1).apply(Image.new("RGBA", (300, 200)))
    lightest = max(color for _, color in colors_of(result, 100_000))
    assert lightest == (255, 255, 255, 255)
    assert all(red == green == blue for _, (red, green, blue, _) in colors_of(result, 100_000))


def test_a_changed_logo_is_read_again(photo, logo):
    mark = Watermark(picture=logo, gravity="center", opacity=1)
    mark.apply(photo)
    Image.new("RGB", (100, 50), (0, 255, 0)).save(logo)
    os.utime(logo, ns=(1, 1))
    assert mark.apply(photo).getpixel((200, 150)) == (0, 255, 0)


def test_a_logo_that_is_not_there_is_missing(photo, tmp_path):
    with pytest.raises(JobError, match=r"logo\.png is gone") as caught:
        Watermark(picture=str(tmp_path / "logo.png")).apply(photo)
    assert caught.value.kind is ErrorKind.MISSING


@pytest.mark.parametrize("content", [b"", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n"])
def test_a_logo_that_is_no_picture_is_named(photo, tmp_path, content):
    path = tmp_path / "logo.png"
    path.write_bytes(content)
    with pytest.raises(JobError, match=r"logo\.png can't be read") as caught:
        Watermark(picture=str(path)).apply(photo)
    assert caught.value.kind is ErrorKind.UNSUPPORTED


def test_a_font_that_is_not_there_is_named(photo):
    with pytest.raises(JobError, match=r"The font nowhere\.ttf can't be opened"):
        Watermark(text="Ann", font="nowhere.ttf").apply(photo)


def test_a_font_file_that_is_not_there_is_a_problem_that_is_named(tmp_path):
    problem = font_problem(str(tmp_path / "no.ttf"))
    assert problem is not None
    assert problem.startswith(f"the font {tmp_path}/no.ttf can't be opened")


def test_a_font_file_that_is_there_is_no_problem(tmp_path):
    from io import BytesIO

    from PIL import ImageFont

    own = ImageFont.load_default(12)
    assert isinstance(own, ImageFont.FreeTypeFont)
    assert isinstance(own.path, BytesIO)
    (tmp_path / "own.ttf").write_bytes(own.path.getvalue())
    assert font_problem(str(tmp_path / "own.ttf")) is None

import pytest
from PIL import Image, ImageDraw

from fileq.errors import ErrorKind, JobError
from fileq.operations.builtin.crop import Crop
from fileq.units import Size


def framed(mode="RGB", ground="white", subject="navy"):
    """A subject of 40x20 at (30, 50) on a plain ground of 100x100."""
    image = Image.new(mode, (100, 100), ground)
    image.paste(subject, (30, 50, 70, 70))
    return image


@pytest.mark.parametrize(
    ("parameters", "remedy"),
    [
        ({}, "exactly one"),
        ({"aspect": "1:1", "trim": True}, "exactly one"),
        ({"aspect": "wide"}, "16:9"),
        ({"aspect": "0:1"}, "16:9"),
        ({"box": (10, 10, 10, 20)}, "right beyond left"),
        ({"box": (-1, 0, 10, 20)}, "in pixels"),
        ({"trim": True, "smart": True}, "without aspect"),
        ({"aspect": "1:1", "smart": True, "gravity": "north"}, "leave gravity out"),
        ({"trim": True, "tolerance": 256}, "0 to 255"),
    ],
)
def test_parameters_that_cannot_be_are_refused_with_the_remedy(parameters, remedy):
    with pytest.raises(ValueError, match=remedy):
        Crop(**parameters)


def test_a_box_is_left_top_right_and_bottom():
    result = Crop(box=(30, 50, 70, 70)).apply(framed())
    assert (result.size, result.getcolors()) == ((40, 20), [(800, (0, 0, 128))])


def test_a_box_that_stands_out_is_cut_at_the_edge():
    assert Crop(box=(90, 0, 200, 50)).size(Size(100, 100)) == (10, 50)


def test_a_box_beside_the_picture_fails_with_both_sizes():
    with pytest.raises(JobError, match=r"\[100, 0, 200, 50\].*100x80") as caught:
        Crop(box=(100, 0, 200, 50)).size(Size(100, 80))
    assert caught.value.kind is ErrorKind.UNSUPPORTED


@pytest.mark.parametrize(
    ("aspect", "size"), [("1:1", (3000, 3000)), ("16:9", (4000, 2250)), ("1.91:1", (4000, 2094)), ("1:3", (1000, 3000))]
)
def test_aspect_keeps_the_largest_part_with_these_proportions(aspect, size):
    assert Crop(aspect=aspect).size(Size(4000, 3000)) == size


@pytest.mark.parametrize(("gravity", "top"), [("north", 0), ("center", 20), ("southwest", 40)])
def test_aspect_keeps_the_part_that_gravity_names(gravity, top):
    image = Image.linear_gradient("L").resize((60, 100))
    result = Crop(aspect="1:1", gravity=gravity).apply(image)
    assert result.tobytes() == image.crop((0, top, 60, top + 60)).tobytes()


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_smart_finds_the_detail(mode):
    image = Image.new("RGB", (900, 300), "lightblue")
    pen = ImageDraw.Draw(image)
    for x in range(610, 790, 6):
        pen.line((x, 50, x + 20, 250), fill="darkred", width=2)
    found = Crop(aspect="1:1", smart=True).settled(image.convert(mode)).box
    assert found is not None
    left, _, right, _ = found
    assert left <= 610
    assert right >= 800


def test_smart_keeps_the_middle_of_a_plain_picture():
    assert Crop(aspect="1:1", smart=True).settled(Image.new("RGB", (900, 300))).box == (300, 0, 600, 300)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_trim_leaves_the_subject(mode):
    assert Crop(trim=True).settled(framed().convert(mode)).box == (30, 50, 70, 70)


def test_trim_works_on_16_bit_gray_and_keeps_it():
    result = Crop(trim=True).apply(framed("I;16", 60000, 30000))
    assert (result.mode, result.size) == ("I;16", (40, 20))


def test_trim_does_not_see_the_colors_of_clear_pixels():
    image = framed("RGBA", (0, 0, 0, 0), (200, 0, 0, 255))
    image.paste((0, 255, 0, 0), (0, 0, 10, 10))
    assert Crop(trim=True).settled(image).box == (30, 50, 70, 70)


@pytest.mark.parametrize(("tolerance", "box"), [(10, (30, 50, 70, 70)), (4, (0, 50, 70, 70))])
def test_a_border_may_differ_by_the_tolerance(tolerance, box):
    image = framed()
    image.putpixel((0, 60), (250, 255, 255))
    assert Crop(trim=True, tolerance=tolerance).settled(image).box == box


def test_a_picture_of_one_color_is_not_trimmed():
    image = Image.new("RGB", (20, 10), "red")
    assert Crop(trim=True).apply(image).size == (20, 10)


def test_all_frames_are_cut_like_the_first():
    settled = Crop(trim=True).settled(framed())
    assert settled.apply(Image.new("RGB", (100, 100))).size == (40, 20)

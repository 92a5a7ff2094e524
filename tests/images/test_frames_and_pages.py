from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image, ImageSequence

from fileq.errors import ErrorKind
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.support.images import close, failure, make, photo, pixel_of, quarters, recipe

DURATIONS = [100, 250, 100, 70]
LEFTS = [0, 20, 40, 60]
HALF = Resize(scale=0.5)


def animation(path, *, opaque: bool = False, loop: int = 0) -> None:
    """A magenta square that walks to the right, leaving nothing behind."""
    frames = []
    for left in LEFTS:
        frame = Image.new("RGBA", (80, 40), (255, 255, 255, 255 if opaque else 0))
        frame.paste((255, 0, 255, 255), (left, 10, left + 20, 30))
        frames.append(frame)
    own: dict[str, dict[str, Any]] = {
        ".gif": {"disposal": 2}, ".webp": {"lossless": True}, ".avif": {"quality": 100}
    }  # fmt: skip
    more = own.get(path.suffix, {})
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=DURATIONS, loop=loop, **more)


def played(path) -> tuple[list[Image.Image], list[int]]:
    with Image.open(path) as image:
        frames, durations = [], []
        for frame in ImageSequence.Iterator(image):
            frames.append(frame.convert("RGBA"))
            durations.append(round(frame.info["duration"]))
    return frames, durations


@pytest.mark.parametrize("opaque", [True, False])
@pytest.mark.parametrize("source", ["gif", "webp", "png", "avif"])
@pytest.mark.parametrize("target", ["gif", "webp", "png", "avif"])
def test_all_frames_go_through_the_steps_with_their_durations(tmp_path, source, target, opaque):
    animation(tmp_path / f"x.{source}", opaque=opaque)
    output = Output(name=f"o.{target}", quality=95)
    made = make(tmp_path / f"x.{source}", recipe(output, steps=(HALF,)), tmp_path / "out")
    frames, durations = played(made.paths[0])
    assert durations == DURATIONS
    assert made.notes == ()
    for frame, left in zip(frames, LEFTS, strict=True):
        assert frame.size == (40, 20)
        assert close(frame.getpixel((left // 2 + 5, 10)), (255, 0, 255, 255), 16)
        for other in LEFTS:
            if other != left:
                assert close(pixel_of(frame, (other // 2 + 5, 10))[3:], (255 if opaque else 0,))


@pytest.mark.parametrize("source", ["gif", "webp", "png"])
@pytest.mark.parametrize("target", ["gif", "webp", "png"])
@pytest.mark.parametrize("plays", [0, 2, 3])
def test_an_animation_plays_as_often_as_its_source(tmp_path, source, target, plays):
    animation(tmp_path / f"x.{source}", loop=max(0, plays - (source == "gif")))
    made = make(tmp_path / f"x.{source}", recipe(Output(name=f"o.{target}")), tmp_path / "out").image
    assert made.info["loop"] == max(0, plays - (target == "gif"))


def test_a_gif_that_plays_once_stays_one(tmp_path):
    frames = [quarters((20, 20)), quarters((20, 20)).rotate(90)]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:], duration=100)
    made = make(tmp_path / "x.gif", recipe(Output(name="o.{ext}"), Output(name="o.webp")), tmp_path / "out").images()
    assert "loop" not in made[0].info
    assert made[1].info["loop"] == 1


def test_where_a_format_has_no_animation_the_first_frame_is_kept_and_the_job_says_so(tmp_path):
    animation(tmp_path / "x.gif")
    made = make(tmp_path / "x.gif", recipe(Output(name="o.jpg")), tmp_path / "out")
    assert made.notes == ("The first of 4 frames was kept: JPEG has no animation.",)
    assert close(made.image.getpixel((5, 20)), (255, 0, 255), 40)


def test_the_first_picture_of_an_apng_that_only_old_viewers_show_is_not_played(tmp_path):
    frames = [quarters((20, 20)), quarters((20, 20)).rotate(90), quarters((20, 20)).rotate(180)]
    frames[0].save(tmp_path / "x.png", save_all=True, append_images=frames[1:], duration=100, default_image=True)
    made = make(tmp_path / "x.png", recipe(Output(name="o.webp")), tmp_path / "out")
    assert len(played(made.paths[0])[0]) == 2


def pages(path) -> None:
    all_pages = [quarters((60, 40)), quarters((30, 90)), quarters((50, 50), "L")]
    all_pages[0].save(path, save_all=True, append_images=all_pages[1:], compression="tiff_lzw")


def test_a_page_in_the_name_makes_a_file_of_each_page(tmp_path):
    pages(tmp_path / "x.tif")
    made = make(tmp_path / "x.tif", recipe(Output(name="{stem}-{page:02}.png")), tmp_path / "out")
    assert [path.name for path in made.paths] == ["x-01.png", "x-02.png", "x-03.png"]
    assert [image.size for image in made.images()] == [(60, 40), (30, 90), (50, 50)]
    assert made.notes == ()


def test_pages_stay_pages_in_tiff_and_pdf(tmp_path):
    pages(tmp_path / "x.tif")
    fit = Resize(fit=Dimensions(30, 30))
    made = make(tmp_path / "x.tif", recipe(Output(name="o.tif"), Output(name="o.pdf"), steps=(fit,)), tmp_path / "out")
    with Image.open(made.paths[0]) as image:
        assert [page.size for page in ImageSequence.Iterator(image)] == [(30, 20), (10, 30), (30, 30)]
    assert made.paths[1].read_bytes().count(b"/Type /Page\n") == 3
    assert made.notes == ()


def test_where_a_format_has_no_pages_the_first_is_kept_and_the_job_says_so(tmp_path):
    pages(tmp_path / "x.tif")
    made = make(tmp_path / "x.tif", recipe(Output(name="o.jpg")), tmp_path / "out")
    assert "The first of 3 pages was kept" in made.notes[0]


def test_a_small_copy_that_a_program_put_into_a_tiff_is_no_page(tmp_path):
    first, second = quarters((60, 40)), quarters((6, 4))
    second.encoderinfo = {"tiffinfo": {254: 1}}
    first.save(tmp_path / "x.tif", save_all=True, append_images=[second])
    made = make(tmp_path / "x.tif", recipe(Output(name="o-{page}.png")), tmp_path / "out")
    assert len(made.paths) == 1


def test_of_a_multi_picture_file_the_main_picture_is_taken_and_the_job_says_so(tmp_path):
    photo((400, 300)).save(tmp_path / "x.jpg", format="MPO", save_all=True, append_images=[photo((40, 30))])
    made = make(tmp_path / "x.jpg", recipe(steps=(HALF,)), tmp_path / "out")
    assert made.planned[0].format == "jpeg"
    assert made.image.size == (200, 150)
    assert "main picture" in made.notes[0]


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_of_several_pictures_in_a_netpbm_file_the_first_is_taken_and_the_job_says_so(tmp_path, mode):
    parts = []
    for size in ((33, 20), (10, 10), (1, 1)):
        picture = io.BytesIO()
        quarters(size, mode).save(picture, "PPM")
        parts.append(picture.getvalue())
    (tmp_path / "x.ppm").write_bytes(b"\n".join(parts))
    made = make(tmp_path / "x.ppm", recipe(Output(name="o.png")), tmp_path / "out")
    assert made.image.size == (33, 20)
    assert made.notes == ("The first picture was taken, not the other 2 in the file.",)
    (tmp_path / "one.ppm").write_bytes(parts[0] + b"\nP6 is no picture")
    assert make(tmp_path / "one.ppm", recipe(Output(name="one.png")), tmp_path / "out").notes == ()


def test_of_several_pictures_in_an_icon_the_largest_is_taken_and_the_job_says_so(tmp_path):
    quarters((64, 64)).save(tmp_path / "x.ico", sizes=[(16, 16), (64, 64), (32, 32)])
    made = make(tmp_path / "x.ico", recipe(Output(name="o.png")), tmp_path / "out")
    assert made.image.size == (64, 64)
    assert made.notes == ("The largest picture was taken, not the other 2 in the icon.",)
    quarters((16, 16)).save(tmp_path / "one.ico", sizes=[(16, 16)])
    assert make(tmp_path / "one.ico", recipe(Output(name="one.png")), tmp_path / "out").notes == ()


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_jpeg"])
def test_a_tiff_that_lacks_a_part_of_a_later_page_is_unreadable_whatever_pages_are_wanted(tmp_path, compression):
    all_pages = [photo((60, 40)), photo((50, 50)), photo((40, 60))]
    all_pages[0].save(tmp_path / "x.tif", save_all=True, append_images=all_pages[1:], compression=compression)
    content = (tmp_path / "x.tif").read_bytes()
    for name in ("o.png", "o.pdf"):
        for length in (len(content) // 2, len(content) * 9 // 10, len(content) - 20):
            (tmp_path / "x.tif").write_bytes(content[:length])
            assert failure(tmp_path / "x.tif", recipe(Output(name=name)), tmp_path / "out")[0] is ErrorKind.UNREADABLE

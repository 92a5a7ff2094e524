"""Of several formats the smallest file wins that keeps what the picture has, and looks as good as a JPEG would."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageDraw

from fileq.images.encode.format_choice import equal_quality
from fileq.images.encode.similarity import measure_loss
from fileq.images.pipeline import open_run
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from tests.support.images import failure, make, photo, pipeline_request, recipe
from tests.support.photos import photo as detailed_photo

if TYPE_CHECKING:
    from pathlib import Path

LOSSY: Any = ("avif", "webp", "jpeg")


def drawing() -> Image.Image:
    image = Image.new("RGB", (300, 200), "blue")
    for row in range(8):
        ImageDraw.Draw(image).text((10, 10 + 20 * row), "red letters on blue " * 2, fill="red")
    return image


def alone(source: Path, format_: Any, quality: int, folder: Path) -> Image.Image:
    return make(source, recipe(Output(format=format_, quality=quality)), folder).image.convert("RGB")


@pytest.mark.parametrize("quality", [50, 82, 93])
def test_the_winner_is_no_larger_and_no_worse_than_the_jpeg(tmp_path, quality):
    original = detailed_photo((400, 300), 1)
    original.save(tmp_path / "x.png")
    made = make(tmp_path / "x.png", recipe(Output(format=LOSSY, quality=quality)), tmp_path / "out")
    jpeg = alone(tmp_path / "x.png", "jpeg", quality, tmp_path / "jpeg")
    assert made.encoded[0].bytes <= os.path.getsize(tmp_path / "jpeg" / "x.jpg")
    assert measure_loss(made.image.convert("RGB"), original) <= measure_loss(jpeg, original)


def test_a_lossless_file_wins_where_it_is_smallest(tmp_path):
    drawing().save(tmp_path / "x.bmp")
    made = make(tmp_path / "x.bmp", recipe(Output(format=("jpeg", "avif", "png"))), tmp_path / "out")
    assert made.paths[0].name == "x.png"
    assert made.image.convert("RGB").tobytes() == drawing().tobytes()


def test_the_name_that_is_planned_and_the_file_are_of_the_format_that_won(tmp_path):
    photo((200, 150)).save(tmp_path / "x.png")
    wanted = recipe(Output(name="{stem}-{width}.{ext}", format=LOSSY), steps=(Resize(scale=0.5),))
    with open_run(pipeline_request(tmp_path / "x.png", wanted, tmp_path)) as run:
        (planned,) = run.planned
    made = make(tmp_path / "x.png", wanted, tmp_path / "out")
    assert made.planned[0].format == planned.format == made.encoded[0].format
    assert made.paths[0].name == os.path.basename(planned.path)
    assert made.paths[0].name.startswith("x-100.")
    assert made.image.format == planned.format.upper()


def test_a_transparent_picture_takes_no_format_without_transparency(tmp_path):
    image = photo((200, 150))
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(tmp_path / "x.png")
    made = make(tmp_path / "x.png", recipe(Output(format=("jpeg", "webp"))), tmp_path / "out")
    assert (made.image.format, made.image.mode) == ("WEBP", "RGBA")


def test_an_animation_stays_one_where_a_format_of_the_list_has_animations(tmp_path):
    frames = [photo((60, 40)).rotate(turn) for turn in (0, 90, 180)]
    frames[0].save(tmp_path / "x.webp", save_all=True, append_images=frames[1:], duration=80)
    made = make(tmp_path / "x.webp", recipe(Output(format=("jpeg", "tiff", "gif", "webp"))), tmp_path / "out")
    assert made.image.n_frames == 3  # type: ignore[attr-defined]
    assert made.notes == ()


def test_a_picture_too_long_for_one_format_goes_into_another(tmp_path):
    Image.new("RGB", (16400, 3), "teal").save(tmp_path / "x.png")
    made = make(tmp_path / "x.png", recipe(Output(format=("webp", "jpeg"))), tmp_path / "out")
    assert made.image.format == "JPEG"


def test_what_a_format_cannot_do_is_said_and_another_one_is_taken(tmp_path):
    photo((60, 40)).save(tmp_path / "x.png")
    made = make(tmp_path / "x.png", recipe(Output(format=("avif", "webp"), lossless=True)), tmp_path / "out")
    assert made.image.format == "WEBP"
    assert made.notes == ("AVIF was not tried: AVIF has no lossless form here.",)
    kind, message = failure(tmp_path / "x.png", recipe(Output(format=("avif", "jpeg"), lossless=True)), tmp_path / "no")
    assert (kind, message) == ("unsupported", "JPEG has no lossless form here.")


def test_a_limit_of_bytes_holds_for_the_format_that_wins(tmp_path):
    detailed_photo((400, 300), 2).save(tmp_path / "x.png")
    free = make(tmp_path / "x.png", recipe(Output(format=LOSSY)), tmp_path / "free")
    most: Any = free.encoded[0].bytes // 2
    made = make(tmp_path / "x.png", recipe(Output(format=LOSSY, max_bytes=most)), tmp_path / "out")
    assert made.encoded[0].format == free.encoded[0].format
    assert most * 0.7 < made.encoded[0].bytes <= most


def test_the_notes_of_formats_that_lost_are_not_said(tmp_path):
    Image.new("L", (60, 40), 90).convert("I;16").save(tmp_path / "x.png")
    made = make(tmp_path / "x.png", recipe(Output(format=("jpeg", "png"))), tmp_path / "out")
    other = make(tmp_path / "x.png", recipe(Output(format=("jpeg", "webp"))), tmp_path / "other")
    assert (made.image.format, made.notes) == ("PNG", ())
    assert other.notes == ("Its 16 bits a channel became 8.",)


def test_the_same_format_can_be_on_the_list_and_the_original_win(tmp_path):
    photo((300, 200)).save(tmp_path / "x.jpg", quality=20)
    listed = Output(format=("same", "png"), quality=80, min_saving=0.0)
    made = make(tmp_path / "x.jpg", recipe(listed), tmp_path / "out")
    assert made.paths[0].name == "x.jpg"
    assert made.encoded[0].bytes <= os.path.getsize(tmp_path / "x.jpg")


def test_two_lists_and_a_plain_output_come_out_of_one_decoding(tmp_path):
    photo((300, 200)).save(tmp_path / "x.png")
    small = (Resize(scale=0.5),)
    outputs = (Output(format=LOSSY), Output(name="{stem}-s.{ext}", format=LOSSY, steps=small), Output(name="t.gif"))
    made = make(tmp_path / "x.png", recipe(*outputs), tmp_path / "out")
    assert [image.size for image in made.images()] == [(300, 200), (150, 100), (300, 200)]
    assert [one.bytes for one in made.encoded] == [os.path.getsize(path) for path in made.paths]


@pytest.mark.parametrize("format_", ["avif", "webp", "jxl"])
def test_equal_qualities_rise_from_1_to_100(format_):
    found = [equal_quality(format_, quality) for quality in range(1, 101)]
    assert found == sorted(found)
    assert (found[0], found[-1]) == (1, 100)


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (8, 8), (700, 900)])
def test_a_picture_has_lost_nothing_against_itself_and_much_against_another(size):
    image = photo(size)
    assert measure_loss(image, image) == pytest.approx(0, abs=1e-6)
    assert measure_loss(Image.new("RGB", size, "black"), Image.new("RGB", size, "white")) > 0.5

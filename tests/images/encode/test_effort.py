"""A high `effort` makes files smaller by trying more, and never changes what they show."""

from __future__ import annotations

import os
from typing import Any

import pytest
from PIL import Image, ImageDraw

from fileq.recipes.recipe import Output
from tests.images.lossless.test_never_larger import frames_of
from tests.images.test_metadata import from_a_camera
from tests.support.images import make, photo, recipe

PICTURES: dict[str, tuple[tuple[int, int], str]] = {
    "photo": ((200, 150), "RGB"), "gray": ((120, 90), "L"), "dot": ((1, 1), "RGB"), "clear": ((90, 60), "RGBA"),
}  # fmt: skip


def picture(kind: str) -> Image.Image:
    size, mode = PICTURES[kind]
    image = photo(size).convert(mode)
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2, size[1] // 2), fill=0 if mode == "L" else "teal")
    return image


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("format_", ["jpeg", "png", "gif", "tiff"])
def test_effort_9_shows_the_same_in_no_more_bytes_than_effort_7(tmp_path, format_: Any, kind):
    picture(kind).save(tmp_path / "x.png", exif=from_a_camera().tobytes())
    plain, hard = (
        make(
            tmp_path / "x.png",
            recipe(Output(format=format_, effort=effort)),
            tmp_path / str(effort),
            marks_outputs=True,
        )
        for effort in (7, 9)
    )
    assert hard.encoded[0].bytes <= plain.encoded[0].bytes
    assert hard.encoded[0].bytes == os.path.getsize(hard.paths[0])
    assert list(frames_of(hard.paths[0].read_bytes())) == list(frames_of(plain.paths[0].read_bytes()))
    assert dict(hard.image.getexif()).get(0x8298) == dict(plain.image.getexif()).get(0x8298)


@pytest.mark.parametrize(("format_", "share"), [("jpeg", 0.99), ("png", 0.99), ("gif", 1.0)])
def test_a_photo_gets_smaller(tmp_path, format_: Any, share):
    photo((300, 200)).save(tmp_path / "x.bmp")
    plain, hard = (
        make(tmp_path / "x.bmp", recipe(Output(format=format_, effort=effort)), tmp_path / str(effort)).encoded[0].bytes
        for effort in (7, 9)
    )
    assert hard <= plain * share


def test_a_jpeg_that_is_to_be_baseline_stays_so(tmp_path):
    photo((200, 150)).save(tmp_path / "x.png")
    made = make(tmp_path / "x.png", recipe(Output(format="jpeg", effort=10, progressive=False)), tmp_path / "out")
    assert "progressive" not in made.image.info


def test_the_highest_effort_packs_a_small_png_by_zopfli(tmp_path):
    image = Image.new("RGB", (300, 200), "white")
    for row in range(20):
        ImageDraw.Draw(image).text((5, 10 * row), f"{row * 7919} words in a line", fill="black")
    image.save(tmp_path / "x.png")
    by = {
        effort: make(
            tmp_path / "x.png", recipe(Output(format="same", lossless=True, min_saving=0.0, effort=effort)), tmp_path
        ).encoded[0].bytes
        for effort in (9, 10)
    }  # fmt: skip
    assert by[10] < by[9]


def test_a_limit_of_bytes_counts_what_is_packed(tmp_path):
    photo((300, 200)).save(tmp_path / "x.png")
    most: Any = make(tmp_path / "x.png", recipe(Output(format="jpeg", effort=9)), tmp_path / "a").encoded[0].bytes
    made = make(tmp_path / "x.png", recipe(Output(format="jpeg", effort=9, max_bytes=most)), tmp_path / "b")
    assert made.encoded[0].bytes == most

"""A JPEG goes into JPEG XL without loss, and comes out of it again as it was."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest
from PIL import Image, ImageOps

from fileq.errors import ErrorKind
from fileq.images.lossless.jpeg_xl import store_jpeg, take_jpeg
from fileq.operations.builtin.flip import Flip
from fileq.recipes.recipe import Output
from tests.images.test_lossless_rewrite import SECRETS
from tests.images.test_metadata import PACKET, from_a_camera
from tests.support.images import failure, make, photo, recipe

STORED = Output(format="jxl", lossless=True)
TAKEN = Output(format="jpeg", lossless=True)
OPTIMIZE = Output(format="same", lossless=True, min_saving=0.0)
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "baseline": ("RGB", {"quality": 88}),
    "progressive": ("RGB", {"quality": 70, "progressive": True, "subsampling": "4:4:4"}),
    "gray": ("L", {"quality": 90}),
    "restarts": ("RGB", {"quality": 80, "restart_marker_rows": 1}),
}


@pytest.fixture
def camera_jpeg(tmp_path):
    exif = from_a_camera()
    exif[0x0112] = 6
    path = tmp_path / "x.jpg"
    photo((120, 80)).save(path, quality=90, exif=exif.tobytes(), xmp=PACKET, comment=b"a comment")
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_comes_back_bit_for_bit_and_is_smaller_meanwhile(tmp_path, kind):
    mode, options = KINDS[kind]
    source = tmp_path / "x.jpg"
    photo((300, 200)).convert(mode).save(source, **options)
    stored = make(source, recipe(STORED, metadata="all"), tmp_path / "jxl").paths[0]
    assert stored.stat().st_size < source.stat().st_size
    back = make(stored, recipe(TAKEN, metadata="all"), tmp_path / "back", marks_outputs=True).paths[0]
    assert back.name == "x.jpg"
    assert back.read_bytes() == source.read_bytes()


def test_all_of_its_metadata_comes_back_too_where_it_is_to_stay(tmp_path, camera_jpeg):
    stored = make(camera_jpeg, recipe(STORED, metadata="all"), tmp_path / "jxl").paths[0]
    back = make(stored, recipe(TAKEN, metadata="all"), tmp_path / "back").paths[0]
    assert back.read_bytes() == camera_jpeg.read_bytes()


@pytest.mark.skipif(shutil.which("djxl") is None, reason="djxl is not installed")
def test_djxl_makes_the_same_jpeg_of_it(tmp_path, camera_jpeg):
    stored = make(camera_jpeg, recipe(STORED, metadata="all"), tmp_path / "jxl").paths[0]
    subprocess.run(["djxl", stored, tmp_path / "back.jpg"], check=True, capture_output=True)
    assert (tmp_path / "back.jpg").read_bytes() == camera_jpeg.read_bytes()


def test_what_goes_is_neither_in_the_jpeg_xl_nor_in_the_jpeg_that_comes_out(tmp_path, camera_jpeg):
    stored = make(camera_jpeg, recipe(STORED), tmp_path / "jxl").paths[0]
    jpeg = take_jpeg(stored.read_bytes())
    assert jpeg is not None
    assert not any(secret in jpeg for secret in SECRETS)
    assert b"a comment" not in jpeg
    taken = make(stored, recipe(TAKEN), tmp_path / "back", marks_outputs=True).paths[0]
    assert not any(secret in taken.read_bytes() for secret in SECRETS)
    with Image.open(taken) as back, Image.open(camera_jpeg) as before:
        assert ImageOps.exif_transpose(back).tobytes() == ImageOps.exif_transpose(before).tobytes()


def test_a_picture_that_was_turned_by_its_camera_lies_right_in_jpeg_xl(tmp_path, camera_jpeg):
    stored = make(camera_jpeg, recipe(STORED), tmp_path / "jxl").paths[0]
    shown = make(stored, recipe(Output(format="png")), tmp_path / "png").image
    with Image.open(camera_jpeg) as before:
        assert shown.size == (80, 120)
        assert shown.convert("RGB").tobytes() == ImageOps.exif_transpose(before).tobytes()


def test_optimize_leaves_a_jpeg_xl_able_to_give_its_jpeg(tmp_path, camera_jpeg):
    content = store_jpeg(camera_jpeg.read_bytes(), 7)
    assert content is not None
    (tmp_path / "x.jxl").write_bytes(content)
    made = make(tmp_path / "x.jxl", recipe(OPTIMIZE), tmp_path / "out").paths[0].read_bytes()
    jpeg = take_jpeg(made)
    assert jpeg is not None
    assert len(made) < len(content)
    assert not any(secret in jpeg for secret in SECRETS)
    (tmp_path / "again.jxl").write_bytes(made)
    assert make(tmp_path / "again.jxl", recipe(OPTIMIZE), tmp_path / "out").paths[0].read_bytes() == made


@pytest.mark.skipif(shutil.which("cjxl") is None, reason="cjxl and djxl are not installed")
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_optimize_leaves_the_pixels_that_djxl_makes_of_a_stored_jpeg(tmp_path, subsampling):
    photo((1000, 750)).save(tmp_path / "x.jpg", quality=88, subsampling=subsampling)
    source = tmp_path / "x.jxl"
    command = ["cjxl", tmp_path / "x.jpg", source, "--lossless_jpeg=1", "-e", "5"]
    subprocess.run(command, check=True, capture_output=True)
    made = make(source, recipe(OPTIMIZE, metadata="none"), tmp_path / "out").paths[0]
    for path, name in ((source, "before.ppm"), (made, "after.ppm")):
        subprocess.run(["djxl", path, tmp_path / name], check=True, capture_output=True)
    assert (tmp_path / "after.ppm").read_bytes() == (tmp_path / "before.ppm").read_bytes()


def test_what_a_step_changes_is_stored_by_its_pixels(tmp_path, camera_jpeg):
    made = make(camera_jpeg, recipe(STORED, steps=(Flip(direction="horizontal"),)), tmp_path / "out").paths[0]
    assert take_jpeg(made.read_bytes()) is None


@pytest.mark.skipif(shutil.which("jpegtran") is None, reason="jpegtran is not installed")
def test_a_jpeg_that_jpeg_xl_has_no_room_for_is_stored_by_its_pixels_and_the_job_says_so(tmp_path):
    photo((60, 40)).save(tmp_path / "huffman.jpg")
    command = ["jpegtran", "-arithmetic", "-outfile", tmp_path / "x.jpg", tmp_path / "huffman.jpg"]
    subprocess.run(command, check=True)
    made = make(tmp_path / "x.jpg", recipe(STORED), tmp_path / "out")
    assert "The pixels were stored without loss: the JPEG itself could not be." in made.notes
    assert take_jpeg(made.paths[0].read_bytes()) is None


def test_inks_that_jpeg_xl_would_make_rgb_of_are_refused(tmp_path):
    photo((60, 40)).convert("CMYK").save(tmp_path / "x.jpg")
    kind, message = failure(tmp_path / "x.jpg", recipe(STORED), tmp_path / "out")
    assert kind is ErrorKind.UNSUPPORTED
    assert "CMYK" in message


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xd9", b"\xff\x0a" + bytes(40)])
def test_what_holds_no_jpeg_gives_none(content):
    assert take_jpeg(content) is None
    assert store_jpeg(content, None) is None

"""AVIF and HEIC with gain maps: the picture for ordinary screens is taken, and the map stays where it can."""

from __future__ import annotations

import struct

import pytest
from PIL import Image

from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.resize import Resize
from fileq.operations.builtin.rotate import Rotate
from fileq.recipes.recipe import Output
from tests.images import heic
from tests.images.gain_maps import gain_map_items, judging, libavif, parser, ultra_hdr
from tests.support.images import RED, YELLOW, close, make, photo, pixel_of, quarters, recipe

HALF = Resize(scale=0.5)
STEPS = (Crop(box=(10, 10, 200, 150)), Rotate(degrees=90), Resize(scale=0.6))


@pytest.fixture
def source(tmp_path):
    picture, map_image = quarters((240, 160)), ultra_hdr.gain_map()
    return gain_map_items.write(
        tmp_path / "x.avif", gain_map_items.avif(picture), gain_map_items.avif(map_image.convert("RGB"))
    )


def test_the_made_source_is_one_for_libavif(source):
    found = libavif.read_gain_map(source)
    assert found is not None
    assert (found.maximum[0], found.transfer, found.base_transfer) == (2, 16, 13)


def test_the_map_of_an_avif_goes_into_jpeg(source, tmp_path):
    made = make(source, recipe(Output(format="jpeg", quality=95), steps=STEPS), tmp_path / "out")
    found = parser.parse(made.paths[0])
    assert made.notes == ()
    assert judging.share_astray(made.image, found.map_image) < 0.02
    assert found.iso == (0, 0, 64, 0, 1, 2, 1, 0, 1, 2, 1, 1, 1, 1, 64, 1, 64)


def test_the_map_of_an_avif_stays_in_avif(source, tmp_path):
    made = make(source, recipe(Output(format="avif", quality=90), steps=STEPS), tmp_path / "out")
    found = libavif.read_gain_map(made.paths[0])
    assert found is not None
    assert (found.maximum[0], found.alternate_headroom, found.transfer, found.base_transfer) == (2, 2, 16, 13)
    assert judging.share_astray(made.image, found.image) < 0.02
    assert judging.share_bright(found.image) > 0.1


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_map_of_a_jpeg_goes_into_avif(tmp_path, mode):
    exif = Image.Exif()
    exif[0x0112], exif[0x013B] = 6, "Ann Smith"
    channels = 1 if mode == "L" else 3
    source = judging.source(tmp_path / "x.jpg", mode=mode, exif=exif, channels=channels)
    made = make(source, recipe(Output(format="avif", quality=90), steps=(HALF,)), tmp_path / "out")
    found = libavif.read_gain_map(made.paths[0])
    assert found is not None
    assert found.channels == channels
    assert list(found.maximum) == ([2, 2, 2] if mode == "L" else [2, 1.5, 1])
    assert judging.share_astray(made.image, found.image) < 0.02
    assert made.image.getexif()[0x013B] == "Ann Smith"


def test_a_map_beside_transparency_stays(tmp_path):
    picture = photo((240, 160)).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize((240, 160)))
    own = gain_map_items.avif(ultra_hdr.gain_map().convert("RGB"))
    source = gain_map_items.write(tmp_path / "x.avif", gain_map_items.avif(picture), own)
    made = make(source, recipe(Output(format="avif")), tmp_path / "out")
    assert libavif.read_gain_map(made.paths[0]) is not None


def test_optimize_leaves_the_map_of_an_avif_where_it_is(source, tmp_path):
    made = make(source, recipe(Output(format="same", lossless=True, min_saving=0.0)), tmp_path / "out")
    assert libavif.read_gain_map(made.paths[0]) == libavif.read_gain_map(source)


def test_of_a_heic_the_picture_for_ordinary_screens_is_taken_with_its_map(tmp_path):
    plain = heic.PLAIN.read_bytes()
    source = gain_map_items.write(tmp_path / "x.heic", plain, plain)
    made = make(source, recipe(Output(format="jpeg", quality=95)), tmp_path / "out")
    found = parser.parse(made.paths[0])
    assert close(pixel_of(made.image, (20, 10)), RED, 12)
    assert close(pixel_of(found.map_image, (20, 10)), RED, 12)
    assert close(pixel_of(found.map_image, (80, 50)), YELLOW, 12)


def test_in_a_format_without_a_place_for_it_the_map_is_left_out_and_the_job_says_so(source, tmp_path):
    made = make(source, recipe(Output(format="png")), tmp_path / "out")
    assert "PNG has no place for it" in made.notes[0]
    assert close(pixel_of(made.image.convert("RGB"), (20, 20)), RED, 12)


def test_numbers_of_a_version_to_come_leave_the_map_out(tmp_path):
    later = struct.pack(">HH", 1, 1) + ultra_hdr.iso_numbers()[4:]
    own = gain_map_items.avif(ultra_hdr.gain_map().convert("RGB"))
    source = gain_map_items.write(tmp_path / "x.avif", gain_map_items.avif(photo((240, 160))), own, later)
    made = make(source, recipe(Output(format="jpeg")), tmp_path / "out")
    assert "can't be kept" in made.notes[0]
    assert b"21496" not in made.paths[0].read_bytes()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_map_of_an_avif_is_turned_upright_with_its_picture(tmp_path, orientation):
    picture = gain_map_items.avif(quarters((240, 160)), orientation)
    own = gain_map_items.avif(ultra_hdr.gain_map().convert("RGB"), orientation)
    source = gain_map_items.write(tmp_path / "x.avif", picture, own)
    made = make(source, recipe(Output(format="jpeg")), tmp_path / "out")
    assert made.image.size == ((240, 160) if orientation < 5 else (160, 240))
    assert judging.share_astray(made.image, parser.parse(made.paths[0]).map_image) < 0.01

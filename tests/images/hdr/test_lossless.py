"""Files that keep their pixels: the gain map stays bit for bit, and what tells of it is right again."""

from __future__ import annotations

import pytest
from PIL import Image

from fileq.recipes.recipe import Output
from tests.images.hdr import parser, ultra_hdr
from tests.support.images import make, photo, recipe

OPTIMIZE = Output(format="same", lossless=True, min_saving=0.0)
JPEG = Output(format="jpeg", min_saving=1.0)


def located(path, **keys):
    exif = Image.Exif()
    exif[0x013B] = "Ann Smith"
    exif.get_ifd(0x8825)[1] = "N"
    return ultra_hdr.write(path, photo((480, 320)), more=ultra_hdr.CREDIT, exif=exif, **keys)


@pytest.mark.parametrize("output", [OPTIMIZE, JPEG], ids=["optimize", "jpeg"])
@pytest.mark.parametrize("policy", ["copyright", "private", "none"])
def test_the_map_stays_bit_for_bit_and_the_place_goes(tmp_path, output, policy):
    source = located(tmp_path / "x.jpg")
    before = parser.parse(source)
    made = make(source, recipe(output, metadata=policy), tmp_path / "out", marks_outputs=True)
    after = parser.parse(made.paths[0])
    assert after.map_file == before.map_file
    assert made.image.tobytes() == Image.open(source).tobytes()
    assert made.paths[0].stat().st_size <= source.stat().st_size
    assert b"Ulm" not in after.picture
    assert not made.image.getexif().get_ifd(0x8825)


def test_optimize_packs_the_picture_in_front_of_a_map(tmp_path):
    source = located(tmp_path / "x.jpg")
    made = make(source, recipe(OPTIMIZE), tmp_path / "out")
    before, after = parser.parse(source), parser.parse(made.paths[0])
    assert len(after.picture) < len(before.picture) - 1000


def test_what_else_a_map_carries_goes(tmp_path):
    source = located(tmp_path / "x.jpg", map_exif=b"Exif\0\0a place")
    assert b"a place" in parser.parse(source).map_file
    made = make(source, recipe(OPTIMIZE), tmp_path / "out")
    after = parser.parse(made.paths[0])
    assert b"a place" not in after.map_file
    assert after.map_image.tobytes() == parser.parse(source).map_image.tobytes()


def test_a_map_that_is_told_of_in_one_way_is_so_still(tmp_path):
    source = located(tmp_path / "x.jpg", by_xmp=False)
    made = make(source, recipe(OPTIMIZE), tmp_path / "out")
    content = made.paths[0].read_bytes()
    assert content.count(b"21496") == 2
    assert b"hdrgm" not in content
    source = located(tmp_path / "y.jpg", by_iso=False)
    content = make(source, recipe(OPTIMIZE), tmp_path / "out").paths[0].read_bytes()
    assert b"21496" not in content
    assert content.count(b"hdrgm:Version") == 2


@pytest.mark.parametrize("output", [OPTIMIZE, JPEG], ids=["optimize", "jpeg"])
@pytest.mark.parametrize("policy", ["copyright", "all", "none"])
def test_drop_takes_the_map_alone(tmp_path, output, policy):
    source = ultra_hdr.write(tmp_path / "x.jpg", photo((480, 320)))
    made = make(source, recipe(output, metadata=policy, hdr="drop"), tmp_path / "out")
    content = made.paths[0].read_bytes()
    assert made.image.tobytes() == Image.open(source).tobytes()
    assert content.count(b"\xff\xd8\xff") == 1
    assert not any(name in content for name in (b"MPF", b"21496", b"hdrgm"))


def test_all_metadata_leaves_the_file_as_it_is(tmp_path):
    source = located(tmp_path / "x.jpg")
    made = make(source, recipe(OPTIMIZE, metadata="all"), tmp_path / "out")
    assert made.paths[0].read_bytes() == source.read_bytes()

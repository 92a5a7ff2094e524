"""Files that keep their pixels: the gain map stays bit for bit, and what tells of it is right again."""

from __future__ import annotations

import pytest
from PIL import Image

from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from tests.images.gain_maps import parser, ultra_hdr
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


@pytest.mark.parametrize("by_xmp", [True, False], ids=["Ultra HDR", "ISO alone"])
@pytest.mark.parametrize("policy", ["all", "copyright"])
def test_jpeg_xl_holds_a_jpeg_with_its_map_and_gives_it_back(tmp_path, by_xmp, policy):
    source = located(tmp_path / "x.jpg", by_xmp=by_xmp)
    stored = make(source, recipe(Output(format="jxl", lossless=True), metadata=policy), tmp_path / "jxl")
    assert stored.notes == ()
    back = make(stored.paths[0], recipe(Output(format="jpeg", lossless=True), metadata=policy), tmp_path / "back")
    content, original = back.paths[0].read_bytes(), source.read_bytes()
    assert (content == original) == (policy == "all")
    assert (b"Ulm" in content) == (policy == "all" and by_xmp)
    assert content[content.rindex(b"\xff\xd8\xff") :] == original[original.rindex(b"\xff\xd8\xff") :]
    if by_xmp:
        parser.parse(back.paths[0])


def test_the_map_of_a_jpeg_in_jpeg_xl_stays_where_the_picture_is_made_smaller(tmp_path):
    source = located(tmp_path / "x.jpg")
    stored = make(source, recipe(Output(format="jxl", lossless=True)), tmp_path / "jxl")
    made = make(stored.paths[0], recipe(Output(name="o.jpg"), steps=(Resize(scale=0.5),)), tmp_path / "out")
    assert made.notes == ()
    assert parser.parse(made.paths[0]).map_image.size == (30, 20)


def test_a_map_that_is_dropped_is_not_in_the_jpeg_xl_either(tmp_path):
    source = located(tmp_path / "x.jpg")
    for policy in ("all", "copyright"):
        output = Output(format="jxl", lossless=True)
        stored = make(source, recipe(output, metadata=policy, hdr="drop"), tmp_path / policy)
        back = make(stored.paths[0], recipe(Output(format="jpeg", lossless=True), metadata="all"), tmp_path / "back")
        assert b"MPF" not in back.paths[0].read_bytes()

"""Ultra HDR JPEGs that become JPEGs: the gain map stays, and every offset and length is right."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.grayscale import Grayscale
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from fileq.units import ByteSize, Dimensions
from tests.images.gain_maps import judging, parser, ultra_hdr
from tests.support.images import make, photo, quarters, recipe

HALF = Resize(scale=0.5)
JPEG = Output(format="jpeg")


def hdr(path) -> np.ndarray:
    """The brighter rendition in linear light as libultrahdr gives it, white at 1."""
    return imagecodecs.ultrahdr_decode(path.read_bytes())[..., :3].astype(np.float32)


def sdr(path) -> np.ndarray:
    """The picture for ordinary screens in linear light."""
    with Image.open(path) as image:
        values = np.asarray(image.convert("RGB"), dtype=np.float32) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize(("by_xmp", "by_iso"), [(True, True), (True, False), (False, True)])
def test_a_gain_map_stays_however_its_numbers_were_written(tmp_path, by_xmp, by_iso):
    source = ultra_hdr.write(tmp_path / "x.jpg", by_xmp=by_xmp, by_iso=by_iso)
    made = make(source, recipe(JPEG, steps=(HALF,)), tmp_path / "out")
    found = parser.parse(made.paths[0])
    assert made.notes == ()
    assert found.map_image.size == (30, 20)
    assert (found.xmp["GainMapMax"], found.xmp["HDRCapacityMax"]) == ("2", "2")
    assert found.iso == (0, 0, 64, 0, 1, 2, 1, 0, 1, 2, 1, 1, 1, 1, 64, 1, 64)


def test_libultrahdr_shows_the_small_picture_as_bright_as_the_large_one(tmp_path):
    source = ultra_hdr.write(tmp_path / "x.jpg", photo((240, 160)))
    made = make(source, recipe(Output(format="jpeg", quality=95), steps=(HALF,)), tmp_path / "out")
    inner = (slice(8, 32), slice(8, 52))  # of the bright quarter
    for path in (source, made.paths[0]):
        ratio = hdr(path)[inner if path != source else (slice(16, 64), slice(16, 104))].mean()
        base = sdr(path)[inner if path != source else (slice(16, 64), slice(16, 104))].mean()
        assert ratio / base == pytest.approx(2**ultra_hdr.STOPS, rel=0.06)
    dark = (slice(48, 72), slice(68, 112))
    assert hdr(made.paths[0])[dark].mean() == pytest.approx(sdr(made.paths[0])[dark].mean(), rel=0.02)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_gain_map_is_turned_upright_with_its_picture(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = judging.source(tmp_path / "x.jpg", exif=exif)
    made = make(source, recipe(JPEG), tmp_path / "out")
    found = parser.parse(made.paths[0])
    assert made.image.size == ((240, 160) if orientation < 5 else (160, 240))
    assert judging.share_astray(made.image, found.map_image) < 0.01
    assert judging.share_bright(found.map_image) == pytest.approx(0.25, abs=0.03)


def test_numbers_of_each_channel_stay(tmp_path):
    source = ultra_hdr.write(tmp_path / "x.jpg", map_image=ultra_hdr.gain_map(mode="RGB"), channels=3)
    found = parser.parse(make(source, recipe(JPEG, steps=(HALF,)), tmp_path / "out").paths[0])
    assert found.map_image.mode == "RGB"
    assert found.xmp["GainMapMax"] == "2 1.5 1"
    assert found.iso[2] == 0xC0
    assert found.iso[9:11] == (2, 1)
    assert found.iso[19:21] == (3, 2)


def test_metadata_goes_and_the_gain_map_stays(tmp_path):
    exif = Image.Exif()
    exif[0x013B] = "Ann Smith"
    exif.get_ifd(0x8825)[1] = "N"
    source = ultra_hdr.write(tmp_path / "x.jpg", more=ultra_hdr.CREDIT, exif=exif)
    for policy, stays in (("copyright", True), ("private", True), ("none", False)):
        made = make(source, recipe(JPEG, steps=(HALF,), metadata=policy), tmp_path / policy)
        found = parser.parse(made.paths[0])
        assert (b"Ann Smith" in found.packet) == stays
        assert b"Ulm" not in found.picture
        assert not made.image.getexif().get_ifd(0x8825)


def test_all_metadata_stays_with_new_lengths(tmp_path):
    source = ultra_hdr.write(tmp_path / "x.jpg", more=ultra_hdr.CREDIT)
    found = parser.parse(make(source, recipe(JPEG, steps=(HALF,), metadata="all"), tmp_path / "out").paths[0])
    assert b'GPano:Place="Ulm"' in found.packet
    assert found.packet.count(b"Container:Directory") == 2  # its begin and its end


def test_metadata_in_another_format_does_not_tell_of_a_gain_map_that_is_not_there(tmp_path):
    source = ultra_hdr.write(tmp_path / "x.jpg", more=ultra_hdr.CREDIT)
    made = make(source, recipe(Output(format="webp"), metadata="all"), tmp_path / "out")
    content = made.paths[0].read_bytes()
    assert b"Ulm" in content
    assert b"hdrgm" not in content
    assert "WEBP has no place for it" in made.notes[0]


def test_drop_leaves_the_gain_map_out_without_a_word(tmp_path):
    source = ultra_hdr.write(tmp_path / "x.jpg")
    made = make(source, recipe(JPEG, steps=(HALF,), hdr="drop"), tmp_path / "out")
    assert made.notes == ()
    assert b"MPF" not in made.paths[0].read_bytes()


def test_the_bytes_of_a_gain_map_count(tmp_path):
    source = ultra_hdr.write(tmp_path / "x.jpg", photo((800, 600)), ultra_hdr.gain_map((200, 150)))
    made = make(source, recipe(Output(format="jpeg", max_bytes=ByteSize(20_000))), tmp_path / "out")
    assert 14_000 < made.paths[0].stat().st_size <= 20_000
    parser.parse(made.paths[0])


def test_a_gain_map_has_no_more_than_a_quarter_of_the_bytes(tmp_path):
    source = ultra_hdr.write(tmp_path / "x.jpg", map_image=photo((240, 160)))
    made = make(source, recipe(Output(format="jpeg", max_bytes=ByteSize(12_000))), tmp_path / "out")
    assert "max_bytes" in made.notes[0]
    assert made.paths[0].stat().st_size <= 12_000


def test_each_output_has_a_gain_map_of_its_own_size(tmp_path):
    source = judging.source(tmp_path / "x.jpg")
    outputs = [
        Output(name="large.jpg", steps=(Resize(fit=Dimensions(120, 120)),)),
        Output(name="small.jpg", steps=(Crop(aspect="1:1"), Resize(fit=Dimensions(40, 40)))),
        Output(name="whole.jpg"),
    ]
    made = make(source, recipe(*outputs), tmp_path / "out")
    for path, size in zip(made.paths, ((30, 20), (10, 10), (60, 40)), strict=True):
        found = parser.parse(path)
        assert found.map_image.size == size
        assert judging.share_astray(Image.open(path), found.map_image) < 0.02


def test_a_gain_map_that_is_damaged_is_left_out_and_the_picture_is_made(tmp_path):
    source = ultra_hdr.write(tmp_path / "x.jpg")
    content = source.read_bytes()
    at = content.rindex(b"\xff\xc4") + 5  # the last Huffman table of the map
    source.write_bytes(content[:at] + b"\xff" * 16 + content[at + 16 :])
    made = make(source, recipe(JPEG, steps=(HALF,)), tmp_path / "out")
    assert "damaged" in made.notes[0]
    assert made.image.size == (120, 80)


def test_a_gain_map_that_is_larger_than_its_picture_is_left_out(tmp_path):
    source = ultra_hdr.write(tmp_path / "x.jpg", map_image=ultra_hdr.gain_map((400, 300)))
    made = make(source, recipe(JPEG, steps=(HALF,)), tmp_path / "out")
    assert "can't be kept" in made.notes[0]


def test_a_gain_map_without_meaning_is_left_out_and_the_job_says_so(tmp_path):
    source = ultra_hdr.write(tmp_path / "x.jpg", by_iso=False)
    source.write_bytes(source.read_bytes().replace(b'GainMapMax="2.0"', b'GainMapMax="NaN"'))
    made = make(source, recipe(JPEG, steps=(HALF,)), tmp_path / "out")
    assert "gain map was left out" in made.notes[0]


def test_gray_takes_the_colors_of_the_gain_map_too(tmp_path):
    source = judging.source(tmp_path / "x.jpg", mode="RGB")
    made = make(source, recipe(JPEG, steps=(Grayscale(),)), tmp_path / "out")
    assert parser.parse(made.paths[0]).map_image.mode == "L"


def test_a_picture_without_a_gain_map_gets_none(tmp_path):
    quarters((240, 160)).save(tmp_path / "x.jpg")
    made = make(tmp_path / "x.jpg", recipe(JPEG, steps=(HALF,)), tmp_path / "out")
    assert made.notes == ()
    assert b"21496" not in made.paths[0].read_bytes()


def test_of_several_formats_one_that_keeps_the_map_is_taken(tmp_path):
    source = ultra_hdr.write(tmp_path / "x.jpg")
    made = make(source, recipe(Output(format=("webp", "jpeg"))), tmp_path / "out")
    assert made.planned[0].format == "jpeg"
    parser.parse(made.paths[0])

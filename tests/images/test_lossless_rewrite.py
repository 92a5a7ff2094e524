"""An original that is kept, because a new file would be no smaller, loses its metadata all the same."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import TiffImageFile

from fileq.files.containers import END_MARKS
from fileq.images.metadata import iptc
from fileq.recipes.recipe import Output
from tests.images.profiles import ADOBE, rgb
from tests.images.test_metadata import IPTC, PACKET, from_a_camera
from tests.support.images import make, photo, quarters, recipe

OPTIMIZE = Output(format="same", min_saving=0.5)
SECRETS = (b"SN12345", b"Paris", b"secret place", b"48,51.5N", b"made at home", b"Acme")


def text(keyword: str, value: str) -> PngInfo:
    info = PngInfo()
    info.add_itxt(keyword, value)
    return info


OPTIONS: dict[str, dict[str, Any]] = {
    "jpg": {"quality": 20, "extra": iptc.build_jpeg_segment(IPTC), "comment": b"made at home", "progressive": True},
    "png": {"pnginfo": text("XML:com.adobe.xmp", PACKET.decode())},
    "webp": {"quality": 20},
}


def small(path, **more):
    """A file so small that no new one saves half of it, with all that a camera says of a place."""
    options = OPTIONS[path.suffix[1:]] | {"exif": from_a_camera().tobytes(), "xmp": PACKET} | more
    photo((400, 300)).save(path, **options)
    return path


def pixels(path) -> bytes:
    with Image.open(path) as image:
        return image.tobytes()


@pytest.mark.parametrize("ending", OPTIONS)
@pytest.mark.parametrize("wanted", ["copyright", "none"])
def test_the_pixels_stay_bit_for_bit_and_the_place_goes(tmp_path, ending, wanted):
    source = small(tmp_path / f"x.{ending}")
    made = make(source, recipe(OPTIMIZE, metadata=wanted), tmp_path / "out")
    assert pixels(made.paths[0]) == pixels(source)
    assert "original picture was kept" in made.notes[0]
    content = made.paths[0].read_bytes()
    assert len(content) < source.stat().st_size
    for secret in SECRETS:
        assert secret not in content
    assert (made.image.getexif().get(ExifTags.Base.Artist) is not None) == (wanted == "copyright")
    assert (b"example.org/licence" in made.image.info.get("xmp", b"")) == (wanted == "copyright")


@pytest.mark.parametrize("ending", OPTIONS)
def test_with_all_metadata_the_file_stays_byte_for_byte(tmp_path, ending):
    source = small(tmp_path / f"x.{ending}")
    made = make(source, recipe(OPTIMIZE, metadata="all"), tmp_path / "out")
    assert made.paths[0].read_bytes() == source.read_bytes()


@pytest.mark.parametrize("ending", OPTIONS)
def test_a_picture_that_lies_still_says_how_to_turn_it(tmp_path, ending):
    exif = from_a_camera()
    exif[ExifTags.Base.Orientation] = 6
    source = small(tmp_path / f"x.{ending}", exif=exif.tobytes())
    made = make(source, recipe(OPTIMIZE), tmp_path / "out")
    assert pixels(made.paths[0]) == pixels(source)
    assert made.image.getexif()[ExifTags.Base.Orientation] == 6
    size = (400, 300) if ending == "webp" else (300, 400)  # browsers don't turn WebP
    assert (made.encoded[0].width, made.encoded[0].height) == size


@pytest.mark.parametrize("ending", OPTIONS)
def test_profile_and_density_stay(tmp_path, ending):
    icc = rgb(ADOBE, 2.2)
    source = small(tmp_path / f"x.{ending}", icc_profile=icc, dpi=(300, 300))
    made = make(source, recipe(OPTIMIZE), tmp_path / "out").image
    assert made.info["icc_profile"] == icc
    if ending != "webp":
        assert [round(value) for value in made.info["dpi"]] == [300, 300]


@pytest.mark.parametrize("metadata", ["none", "copyright"])
def test_the_density_of_a_webp_stays_and_the_rest_of_its_exif_goes(tmp_path, metadata):
    exif = from_a_camera()
    exif[ExifTags.Base.XResolution] = exif[ExifTags.Base.YResolution] = 120.0
    exif[ExifTags.Base.ResolutionUnit] = 3  # in a centimeter
    source = small(tmp_path / "x.webp", exif=exif.tobytes())
    made = make(source, recipe(OPTIMIZE, metadata=metadata), tmp_path / "out")
    assert round(float(made.image.getexif()[ExifTags.Base.XResolution])) == 305
    assert ExifTags.Base.Model not in made.image.getexif()
    assert not any(secret in made.paths[0].read_bytes() for secret in SECRETS)
    printed = make(source, recipe(Output(name="o.jpg"), metadata=metadata), tmp_path / "out").image
    assert [round(value) for value in printed.info["dpi"]] == [305, 305]


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_webp_whose_density_is_none_gets_none(tmp_path, value):
    exif = from_a_camera()
    exif[ExifTags.Base.XResolution] = exif[ExifTags.Base.YResolution] = value
    source = small(tmp_path / "x.webp", exif=exif.tobytes())
    made = make(source, recipe(OPTIMIZE, metadata="none"), tmp_path / "out")
    assert ExifTags.Base.XResolution not in made.image.getexif()


def test_what_a_camera_put_behind_the_end_of_a_jpeg_goes(tmp_path):
    source = small(tmp_path / "x.jpg")
    source.write_bytes(source.read_bytes() + b"MotionPhoto_Data recorded in Paris")
    made = make(source, recipe(OPTIMIZE), tmp_path / "out")
    assert pixels(made.paths[0]) == pixels(source)
    assert made.paths[0].read_bytes().endswith(b"\xff\xd9")


@pytest.mark.parametrize("ending", ["gif", "tif", "avif"])
def test_a_format_whose_parts_are_known_by_their_places_loses_its_metadata_too(tmp_path, ending):
    options: dict[str, Any] = {"comment": b"made at home"} if ending == "gif" else {"exif": from_a_camera().tobytes()}
    quarters().save(tmp_path / f"x.{ending}", **options)
    made = make(tmp_path / f"x.{ending}", recipe(Output(format="same", min_saving=0.99)), tmp_path / "out")
    assert pixels(made.paths[0]) == pixels(tmp_path / f"x.{ending}")
    assert not any(secret in made.paths[0].read_bytes() for secret in SECRETS)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "gif"])
def test_a_file_that_holds_nothing_but_its_picture_stays_byte_for_byte(tmp_path, ending):
    quarters().save(tmp_path / f"x.{ending}")
    made = make(tmp_path / f"x.{ending}", recipe(Output(format="same", min_saving=0.9)), tmp_path / "out")
    assert made.paths[0].read_bytes() == (tmp_path / f"x.{ending}").read_bytes()


def test_a_page_of_many_is_never_replaced_by_the_whole_document(tmp_path):
    quarters().save(tmp_path / "x.tif", save_all=True, append_images=[quarters()], compression="tiff_adobe_deflate")
    made = make(tmp_path / "x.tif", recipe(Output(name="{page}.tif", min_saving=0.99)), tmp_path / "out")
    for path in made.paths:
        with Image.open(path) as image:
            assert isinstance(image, TiffImageFile)
            assert image.n_frames == 1


def test_a_png_without_its_end_is_not_kept_without_it_in_another_file(tmp_path):
    source = small(tmp_path / "x.png")
    source.write_bytes(source.read_bytes()[:-12])
    made = make(source, recipe(OPTIMIZE, metadata="none"), tmp_path / "out")
    assert made.paths[0].read_bytes().endswith(END_MARKS["png"])

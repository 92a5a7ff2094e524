"""What a file says in a place where few programs put it: how it is to be turned stays, whose home it shows goes."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import ExifTags, Image

from fileq.errors import ErrorKind, JobError
from fileq.files.containers import jpeg_segment, png_chunk
from fileq.images.metadata.packets import build_raw_profile
from fileq.recipes.recipe import Output
from tests.support.images import RED, close, make, photo, pixel_of, quarters, recipe

if TYPE_CHECKING:
    from pathlib import Path

OPTIMIZE = Output(format="same", lossless=True, min_saving=0.0)
SHRINK = Output(format="same", quality=80, min_saving=0.05)


def raw_profile(*, packed: bool) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 3
    keyword, text = (part.encode() for part in build_raw_profile("exif", exif.tobytes()))
    return (
        png_chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(text))
        if packed
        else png_chunk(b"tEXt", keyword + b"\0" + text)
    )


@pytest.mark.parametrize("output", [OPTIMIZE, SHRINK, Output(format="png")], ids=["optimize", "shrink", "png"])
@pytest.mark.parametrize("metadata", ["none", "credits", "all"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("is_late", [False, True], ids=["before", "behind"])
def test_a_png_is_not_turned_by_a_raw_profile_as_in_browsers(tmp_path, output, metadata, packed, is_late):
    file = io.BytesIO()
    quarters().save(file, "PNG")
    content, at = file.getvalue(), -12 if is_late else 33
    (tmp_path / "x.png").write_bytes(content[:at] + raw_profile(packed=packed) + content[at:])
    made = make(tmp_path / "x.png", recipe(output, metadata=metadata), tmp_path / "out")
    with Image.open(made.paths[0]) as image:
        image.load()
        assert close(pixel_of(image.convert("RGB"), (2, 2)), RED)
        assert b"eXIf" not in made.paths[0].read_bytes()


def with_place(path: Path) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = "Lake House"
    photo((120, 90)).save(path, quality=90, exif=exif)
    return path.read_bytes()


@pytest.mark.parametrize("output", [OPTIMIZE, SHRINK], ids=["optimize", "shrink"])
@pytest.mark.parametrize("metadata", ["none", "credits"])
@pytest.mark.parametrize("is_big", [False, True], ids=["classic", "big"])
def test_a_description_goes_from_a_tiff_and_the_pictures_within_its_picture(tmp_path, output, metadata, is_big):
    tifffile = pytest.importorskip("tifffile", reason="tifffile writes TIFFs with pictures within pictures")
    whole = np.asarray(photo((120, 90)))
    with tifffile.TiffWriter(tmp_path / "x.tif", bigtiff=is_big) as file:
        file.write(whole, subifds=2, photometric="rgb", description="Lake House", metadata=None)
        file.write(whole[::2, ::2], photometric="rgb", subfiletype=1, description="Lake House, small", metadata=None)
        file.write(whole[::4, ::4], photometric="rgb", subfiletype=1, description="Lake House, tiny", metadata=None)
    made = make(tmp_path / "x.tif", recipe(output, metadata=metadata), tmp_path / "out").paths[0]
    assert b"Lake House" not in made.read_bytes()
    assert made.stat().st_size <= (tmp_path / "x.tif").stat().st_size
    with tifffile.TiffFile(made) as file:
        within = file.pages[0].pages
        assert (file.pages[0].asarray() == whole).all()
        assert [(page.asarray() == whole[::step, ::step]).all() for page, step in zip(within, (2, 4), strict=True)]


@pytest.mark.parametrize("output", [OPTIMIZE, SHRINK], ids=["optimize", "shrink"])
def test_a_tiff_with_a_jpeg_within_that_can_have_its_own_metadata_is_refused_where_all_is_to_go(tmp_path, output):
    tifffile = pytest.importorskip("tifffile", reason="tifffile writes TIFFs with pictures within pictures")
    pytest.importorskip("imagecodecs", reason="tifffile writes JPEG in TIFF by imagecodecs")
    whole = np.asarray(photo((120, 90)))
    with tifffile.TiffWriter(tmp_path / "x.tif") as file:
        file.write(whole, subifds=1, photometric="rgb", description="Lake House", metadata=None)
        file.write(whole[::2, ::2].copy(), photometric="rgb", compression="jpeg", subfiletype=1, metadata=None)
    with pytest.raises(JobError) as caught:
        make(tmp_path / "x.tif", recipe(output, metadata="none"), tmp_path / "out")
    assert caught.value.kind is ErrorKind.UNSUPPORTED


@pytest.mark.parametrize("output", [OPTIMIZE, SHRINK], ids=["optimize", "shrink"])
def test_a_description_goes_from_a_jpeg_whose_adobe_segment_is_cut_short(tmp_path, output):
    content = with_place(tmp_path / "x.jpg")
    cut = jpeg_segment(0xEE, b"Adobe\0d@\0\0\0\x01")[:-1]
    (tmp_path / "x.jpg").write_bytes(content[:2] + cut + b"\0\0" + content[2:])
    made = make(tmp_path / "x.jpg", recipe(output, metadata="none"), tmp_path / "out")
    assert b"Lake House" not in made.paths[0].read_bytes()

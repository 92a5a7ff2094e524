"""`optimize` packs pages and frames again, and leaves what the pictures look like."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageDraw
from PIL.TiffImagePlugin import TiffImageFile

from fileq.images.formats.optional_codecs import register_jpeg_xl
from fileq.recipes.recipe import Output
from tests.images.heic import lying
from tests.images.lossless.test_never_larger import frames_of
from tests.images.profiles import ADOBE, rgb
from tests.images.test_lossless_rewrite import SECRETS
from tests.images.test_metadata import PACKET, from_a_camera
from tests.support.images import make, photo, recipe

OPTIMIZE = Output(format="same", lossless=True, min_saving=0.0)
ENDINGS = ["jpg", "png", "webp", "avif", "jxl", "tif"]


def fax_page(number: int) -> Image.Image:
    page = Image.new("1", (864, 1100), 1)
    ImageDraw.Draw(page).text((80, 80), f"Page {number}\nmany words\n" * 40, fill=0)
    return page


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("wanted", ["copyright", "none"])
def test_the_place_goes_and_credits_and_pixels_stay(tmp_path, ending, wanted):
    register_jpeg_xl()
    exif = from_a_camera()
    more: dict[str, Any] = {} if ending == "jxl" else {"icc_profile": rgb(ADOBE, 2.2)}
    more |= {} if ending == "tif" else {"xmp": PACKET}
    photo((200, 150)).save(tmp_path / f"x.{ending}", exif=exif.tobytes(), **more)
    made = make(tmp_path / f"x.{ending}", recipe(OPTIMIZE, metadata=wanted), tmp_path / "out")
    before, after = (tmp_path / f"x.{ending}").read_bytes(), made.paths[0].read_bytes()
    assert len(after) <= len(before)
    assert list(frames_of(after)) == list(frames_of(before))
    assert not any(secret in after for secret in SECRETS)
    assert (made.image.getexif().get(ExifTags.Base.Artist) is not None) == (wanted == "copyright")
    assert ending == "jxl" or made.image.info["icc_profile"] == more["icc_profile"]
    assert made.notes == ()


def test_what_a_gif_says_beside_its_pictures_goes_and_it_plays_as_before(tmp_path):
    frames: list[Any] = [photo((120, 90)).rotate(turn).quantize(64) for turn in (0, 5, 10)]
    path = tmp_path / "x.gif"
    frames[0].save(
        path, save_all=True, append_images=frames[1:], duration=[50, 70, 90], loop=3, comment=b"secret place"
    )
    made = make(path, recipe(OPTIMIZE), tmp_path / "out")
    after = made.paths[0].read_bytes()
    assert len(after) < path.stat().st_size
    assert b"secret" not in after
    assert list(frames_of(after)) == list(frames_of(path.read_bytes()))
    assert made.image.info["loop"] == 3


def test_a_fax_of_many_pages_stays_bilevel_and_becomes_g4(tmp_path):
    pages = [fax_page(number) for number in range(12)]
    path = tmp_path / "fax.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:], compression="group3", dpi=(204, 196))
    made = make(path, recipe(OPTIMIZE), tmp_path / "out")
    assert made.encoded[0].bytes < path.stat().st_size * 0.8
    with Image.open(made.paths[0]) as image:
        assert isinstance(image, TiffImageFile)
        assert (image.n_frames, image.mode, image.info["compression"]) == (12, "1", "group4")
        assert [round(value) for value in image.info["dpi"]] == [204, 196]
    before = subprocess.run(["identify", "-format", "%# ", path], capture_output=True, check=True)
    after = subprocess.run(["identify", "-format", "%# ", made.paths[0]], capture_output=True, check=True)
    assert before.stdout == after.stdout


@pytest.mark.parametrize("compression", ["raw", "packbits", "tiff_lzw", "tiff_adobe_deflate", "jpeg"])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK"])
def test_a_tiff_of_any_compression_is_the_same_for_imagemagick_too(tmp_path, compression, mode):
    if compression == "jpeg" and mode == "RGBA":
        mode = "L"
    path = tmp_path / "x.tif"
    photo((300, 200)).convert(mode).save(path, compression=compression)
    made = make(path, recipe(OPTIMIZE), tmp_path / "out")
    assert made.encoded[0].bytes <= path.stat().st_size
    signatures = [
        subprocess.run(["identify", "-format", "%# %[colorspace]", one], capture_output=True, check=True).stdout
        for one in (path, made.paths[0])
    ]
    assert signatures[0] == signatures[1]


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_heic_stays_one_and_shows_the_same(tmp_path, orientation):
    (tmp_path / "x.heic").write_bytes(lying(orientation))
    made = make(tmp_path / "x.heic", recipe(OPTIMIZE), tmp_path / "out")
    assert made.paths[0].name == "x.heic"
    assert made.encoded[0].bytes <= len(lying(orientation))
    as_png = [
        make(path, recipe(Output(name=f"{number}.png")), tmp_path / "png").image.tobytes()
        for number, path in enumerate((tmp_path / "x.heic", made.paths[0]))
    ]
    assert as_png[0] == as_png[1]


def test_a_gif_keeps_the_colors_alone_that_its_pictures_use(tmp_path):
    path = tmp_path / "x.gif"
    image = Image.new("P", (40, 30), 200)
    image.putpalette([value for gray in range(256) for value in (gray, 0, 255 - gray)])
    image.paste(7, (5, 5, 20, 20))
    image.save(path, optimize=False, transparency=7)
    made = make(path, recipe(OPTIMIZE), tmp_path / "out", marks_outputs=False)
    assert path.stat().st_size > 768
    assert made.encoded[0].bytes < 120
    assert list(frames_of(made.paths[0].read_bytes())) == list(frames_of(path.read_bytes()))

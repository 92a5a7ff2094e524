"""`optimize` keeps its word: the same pixels bit for bit, never a larger file, and no place in any."""

import subprocess
from pathlib import Path
from typing import Any

import pi_heif
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fileq.config import load_config
from fileq.images.formats import optional_codecs
from fileq.operations.builtin.grayscale import Grayscale
from fileq.recipes.recipe import Output
from tests.images.test_metadata import from_a_camera
from tests.support.images import make, photo, recipe

SECRETS = (b"SN12345", b"secret place", b"48,51.5N", b"Acme")
EXIF = from_a_camera().tobytes()
PHOTO = photo((160, 120))
PLACE = {270: "secret place", 315: "Zoë"}  # description and artist


@pytest.fixture(scope="module")
def optimize():
    return load_config(environ={}).settings.recipes["optimize"]


def frames():
    return [PHOTO.rotate(15 * number).quantize(32) for number in range(4)]


def jpeg_xl(path):
    optional_codecs.register_jpeg_xl()
    PHOTO.save(path, lossless=False, quality=80, exif=EXIF)


CASES = {
    "baseline.jpg": lambda path: PHOTO.save(path, quality=95, exif=EXIF),
    "progressive.jpg": lambda path: PHOTO.save(path, quality=60, progressive=True, optimize=True, exif=EXIF),
    "gray.jpg": lambda path: PHOTO.convert("L").save(path, quality=90),
    "cmyk.jpg": lambda path: PHOTO.convert("CMYK").save(path, quality=90),
    "444.jpg": lambda path: PHOTO.save(path, quality=80, subsampling="4:4:4"),
    "rgb.png": lambda path: PHOTO.save(path, exif=EXIF),
    "alpha.png": lambda path: PHOTO.convert("RGBA").rotate(30).save(path),
    "palette.png": lambda path: PHOTO.quantize(16).save(path),
    "few.png": lambda path: PHOTO.quantize(16).convert("RGBA").save(path),
    "16.png": lambda path: PHOTO.convert("I;16").save(path),
    "bilevel.png": lambda path: PHOTO.convert("1").save(path),
    "animated.png": lambda path: frames()[0].save(path, save_all=True, append_images=frames()[1:], duration=80),
    "lossy.webp": lambda path: PHOTO.save(path, quality=70, exif=EXIF),
    "lossless.webp": lambda path: PHOTO.save(path, lossless=True, exif=EXIF),
    "animated.webp": lambda path: frames()[0].save(path, save_all=True, append_images=frames()[1:], duration=80),
    "still.gif": lambda path: PHOTO.quantize(64).save(path, comment=b"secret place"),
    "animated.gif": lambda path: frames()[0].save(
        path, save_all=True, append_images=frames()[1:], duration=80, loop=0, comment=b"secret place"
    ),
    "deflated.tif": lambda path: PHOTO.save(path, compression="tiff_adobe_deflate", tiffinfo=PLACE),
    "plain.tif": lambda path: PHOTO.save(path, exif=EXIF),
    "fax.tif": lambda path: PHOTO.convert("1").save(path, compression="group4"),
    "jpeg.tif": lambda path: PHOTO.save(path, compression="jpeg", tiffinfo=PLACE),
    "pages.tif": lambda path: PHOTO.save(
        path, save_all=True, append_images=[PHOTO.rotate(90)], compression="tiff_lzw", tiffinfo=PLACE
    ),
    "16.tif": lambda path: PHOTO.convert("I;16").save(path),
    "x.avif": lambda path: PHOTO.save(path, quality=60, exif=EXIF),
    "x.jxl": jpeg_xl,
}


def pixels(path):
    """All frames or pages, as Pillow decodes them."""
    with Image.open(path) as image:
        found = []
        for frame in range(getattr(image, "n_frames", 1)):
            image.seek(frame)
            shown = image if image.mode.startswith("I;16") else image.convert("RGBA")
            found.append((image.size, shown.tobytes()))
        return found


@pytest.mark.parametrize("name", CASES)
def test_the_pixels_stay_the_file_never_grows_and_the_place_goes(tmp_path, optimize, name):
    source = tmp_path / name
    CASES[name](source)
    made = make(source, optimize, tmp_path / "out").paths[0]
    assert made.suffix == source.suffix
    assert pixels(made) == pixels(source)
    assert made.stat().st_size <= source.stat().st_size
    assert not any(secret in made.read_bytes() for secret in SECRETS)


@pytest.mark.parametrize("name", ["baseline.jpg", "rgb.png", "few.png"])
def test_what_can_be_smaller_becomes_smaller(tmp_path, optimize, name):
    source = tmp_path / name
    CASES[name](source)
    made = make(source, optimize, tmp_path / "out").paths[0]
    assert made.stat().st_size < source.stat().st_size


@pytest.mark.parametrize("name", ["baseline.jpg", "few.png", "16.png", "animated.gif", "plain.tif", "pages.tif"])
def test_imagemagick_sees_no_difference_either(tmp_path, optimize, name):
    source = tmp_path / name
    CASES[name](source)
    made = make(source, optimize, tmp_path / "out").paths[0]
    judged = subprocess.run(
        ["compare", "-quiet", "-metric", "AE", f"{source}[0]", f"{made}[0]", "null:"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.stderr.split()[0].strip("()") in {"0", "00"}, judged.stderr


def test_a_heic_stays_what_it_is_and_loses_its_exif(tmp_path, optimize):
    source = Path(__file__).parents[1] / "quarters.heic"
    made = make(source, optimize, tmp_path / "out").paths[0]
    before, after = (pi_heif.open_heif(str(path)) for path in (source, made))
    assert made.name == "quarters.heic"
    assert bytes(before[0].data) == bytes(after[0].data)
    assert made.stat().st_size < source.stat().st_size


def test_a_step_is_done_even_where_the_original_would_be_smaller(tmp_path):
    source = tmp_path / "x.png"
    PHOTO.save(source)
    wanted = recipe(Output(format="same", lossless=True, min_saving=1.0), steps=(Grayscale(),))
    made = make(source, wanted, tmp_path / "out").paths[0]
    assert pixels(made) != pixels(source)


@pytest.mark.parametrize("moves", [False, True])
def test_a_png_with_a_damaged_text_is_packed_without_it(tmp_path, optimize, moves):
    comment = PngInfo()
    comment.add_text("Comment", "as it was")
    more: dict[str, Any] = {"save_all": True, "append_images": [PHOTO.rotate(90)], "duration": 80} if moves else {}
    PHOTO.save(tmp_path / "x.png", pnginfo=comment, **more)
    content = (tmp_path / "x.png").read_bytes()
    (tmp_path / "x.png").write_bytes(content.replace(b"as it was", b"as it is "))
    made = make(tmp_path / "x.png", optimize, tmp_path / "out")
    assert "tEXt" in made.notes[0]
    assert made.encoded[0].bytes < len(content)
    assert made.image.convert("RGB").tobytes() == PHOTO.tobytes()
    with Image.open(made.paths[0]) as image:
        assert getattr(image, "n_frames", 1) == (2 if moves else 1)


def test_a_gif_whose_frame_lies_far_beyond_its_canvas_is_packed_all_the_same(tmp_path, optimize):
    frames()[0].save(tmp_path / "x.gif")
    content = (tmp_path / "x.gif").read_bytes()
    at = content.index(b"\x2c\0\0\0\0\xa0\0\x78\0")
    far = content[at:-1].replace(b"\x2c\0\0\0\0", b"\x2c\xff\xff\xff\xff", 1)
    (tmp_path / "x.gif").write_bytes(content[:-1] + far + b";")
    made = make(tmp_path / "x.gif", optimize, tmp_path / "out")
    assert made.encoded[0].bytes <= len(content) + len(far)


def test_what_lies_between_the_segments_of_a_jpeg_keeps_no_metadata_in_it(tmp_path, optimize):
    """Decoders pass over it, and so the place was kept with the original."""
    PHOTO.save(tmp_path / "x.jpg", quality=90, exif=EXIF)
    content = (tmp_path / "x.jpg").read_bytes()
    at = content.index(b"\xff\xdb")
    (tmp_path / "x.jpg").write_bytes(content[:at] + b"\x01\x02" + content[at:])
    made = make(tmp_path / "x.jpg", optimize, tmp_path / "out")
    assert not any(secret in made.paths[0].read_bytes() for secret in SECRETS)
    assert made.image.tobytes() == Image.open(tmp_path / "x.jpg").convert("RGB").tobytes()


def test_a_file_that_keeps_its_metadata_because_that_can_t_be_taken_out_says_so(tmp_path, optimize):
    PHOTO.save(tmp_path / "x.tif", compression="tiff_lzw", tiffinfo=PLACE | {330: 8})
    made = make(tmp_path / "x.tif", optimize, tmp_path / "out")
    assert any("can't be taken out" in note for note in made.notes) or b"secret place" not in made.paths[0].read_bytes()

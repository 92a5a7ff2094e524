"""Formats that nothing here writes: what is to become smaller never gets larger by becoming a PNG or a JPEG."""

from __future__ import annotations

import random
import struct
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from fileq.images.formats.optional_codecs import register_heif
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from tests.images.lossless.test_shrink import SHRINK
from tests.support.images import make, photo, recipe

OPTIMIZE = Output(format="same", lossless=True, min_saving=0.0)


RUNS = bytes((1, 1, 0, 0, 1, 2, 0, 1))  # two rows of one pixel each
INFO = struct.pack("<LllHHLLLLLL", 40, 1, 2, 1, 8, 1, len(RUNS), 0, 0, 3, 0) + bytes.fromhex("102030004050600070809000")
TINY = {
    "runs": b"BM" + struct.pack("<LLL", 14 + len(INFO) + len(RUNS), 0, 14 + len(INFO)) + INFO + RUNS,
    "a QOI without its end": b"qoif" + struct.pack(">LLBB", 1, 1, 4, 0) + b"\x35",
}


def noise(mode: str) -> Image.Image:
    size = (300, 300)
    return Image.frombytes(mode, size, random.Random(3).randbytes(size[0] * size[1] * len(mode)))


def commented(path: Path) -> bytes:
    noise("L").save(path)
    path.write_bytes(content := path.read_bytes().replace(b"P5\n", b"P5\n# Lake House\n", 1))
    return content


@pytest.mark.parametrize("output", [OPTIMIZE, SHRINK], ids=["optimize", "shrink"])
@pytest.mark.parametrize("ending", ["ppm", "bmp", "tga", "qoi", "ico"])
def test_noise_keeps_its_bytes_and_its_name_where_a_png_would_be_larger(tmp_path, ending, output):
    source = tmp_path / f"x.{ending}"
    if ending == "ico":
        noise("RGB").crop((0, 0, 64, 64)).save(source, sizes=[(64, 64)])  # with a PNG in it
    elif ending == "qoi":  # of noise, QOI is the larger one
        Image.new("RGB", (1, 1), (9, 80, 200)).save(source)
    else:
        noise("RGB").save(source)
    made = make(source, recipe(output), tmp_path / "out", marks_outputs=True)
    size = source.stat().st_size
    assert made.encoded[0].bytes <= size
    assert made.paths[0].name == source.name
    assert made.paths[0].read_bytes() == source.read_bytes()
    assert any("would be larger" in note for note in made.notes)


@pytest.mark.parametrize("metadata", ["private", "none"])
def test_a_comment_that_has_to_go_goes_although_the_png_is_larger_and_that_is_said(tmp_path, metadata):
    commented(tmp_path / "x.pgm")
    made = make(tmp_path / "x.pgm", recipe(OPTIMIZE, metadata=metadata), tmp_path / "out")
    assert made.paths[0].suffix == ".png"
    assert b"Lake House" not in made.paths[0].read_bytes()
    assert any("larger than its source" in note for note in made.notes)


def test_a_comment_makes_no_file_larger_where_nobody_asked_for_it_to_go_and_that_is_said(tmp_path):
    before = commented(tmp_path / "x.pgm")
    made = make(tmp_path / "x.pgm", recipe(OPTIMIZE), tmp_path / "out")
    assert made.paths[0].read_bytes() == before
    assert any("can't be cleared" in note for note in made.notes)
    kept = make(tmp_path / "x.pgm", recipe(OPTIMIZE, metadata="all"), tmp_path / "kept")
    assert kept.paths[0].read_bytes() == before
    assert not any("can't be cleared" in note for note in kept.notes)


@pytest.mark.parametrize("output", [OPTIMIZE, SHRINK], ids=["optimize", "shrink"])
@pytest.mark.parametrize("content", TINY.values(), ids=TINY)
def test_a_tiny_file_whose_layout_is_not_known_to_its_end_does_not_grow(tmp_path, content, output):
    source = tmp_path / f"x.{'qoi' if content.startswith(b'qoi') else 'bmp'}"
    source.write_bytes(content)
    made = make(source, recipe(output), tmp_path / "out", marks_outputs=True)
    assert made.paths[0].read_bytes() == content


@pytest.mark.parametrize("metadata", ["copyright", "none", "all"])
@pytest.mark.parametrize("ending", ["ppm", "bmp", "tga", "qoi", "ico"])
def test_what_hides_behind_the_pixels_makes_no_file_larger(tmp_path, ending, metadata):
    source = tmp_path / f"x.{ending}"
    Image.new("RGB", (1, 1), (9, 80, 200)).save(source)
    pixels = source.read_bytes()
    source.write_bytes(pixels + b"Lake House")
    made = make(source, recipe(OPTIMIZE, metadata=metadata), tmp_path / "out").paths[0].read_bytes()
    assert len(made) <= len(pixels) + len(b"Lake House")
    assert (b"Lake House" in made) is (metadata == "all")


@pytest.mark.parametrize("output", [OPTIMIZE, SHRINK, Output(format="png")], ids=["optimize", "shrink", "png"])
@pytest.mark.parametrize("ending", ["bmp", "pbm", "png"])
def test_one_bit_a_pixel_stays_one_bit_in_png(tmp_path, ending, output):
    picture = photo((300, 200)).convert("1")
    picture.save(tmp_path / f"x.{ending}")
    made = make(tmp_path / f"x.{ending}", recipe(output), tmp_path / "out")
    if output.min_saving is not None:
        assert made.encoded[0].bytes <= (tmp_path / f"x.{ending}").stat().st_size
    if made.paths[0].suffix == ".png":
        said = subprocess.run(
            ["identify", "-format", "%[png:IHDR.bit_depth]", made.paths[0]], capture_output=True, text=True, check=True
        )
        assert said.stdout == "1"
        assert made.image.convert("L").tobytes() == picture.convert("L").tobytes()


@pytest.mark.parametrize("ending", ["heic", "jp2"])
def test_shrink_keeps_the_picture_of_a_file_that_nothing_here_encodes(tmp_path, ending):
    source = tmp_path / f"x.{ending}"
    if ending == "heic":
        register_heif()
        source.write_bytes((Path(__file__).parents[1] / "quarters.heic").read_bytes())
    else:
        photo((300, 200)).save(source, quality_layers=[60])
    made = make(source, recipe(SHRINK), tmp_path / "out")
    assert made.paths[0].name == source.name
    assert made.encoded[0].bytes <= source.stat().st_size
    assert any("can't be encoded here" in note for note in made.notes)
    smaller = make(source, recipe(SHRINK, steps=(Resize(scale=0.5),)), tmp_path / "half")
    assert smaller.paths[0].suffix == ".jpg"

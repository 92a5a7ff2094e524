"""Formats that nothing here writes: what is to become smaller never gets larger by becoming a PNG or a JPEG."""

from __future__ import annotations

import random
import struct
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from fileq.errors import ErrorKind, JobError
from fileq.images.formats.optional_codecs import register_heif
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from tests.images.lossless.test_shrink import SHRINK
from tests.support.images import make, photo, recipe

OPTIMIZE = Output(format="same", lossless=True, min_saving=0.0)


def pixels_by_imagemagick(path: Path) -> bytes:
    return subprocess.run(["convert", path, "-depth", "8", "RGBA:-"], check=True, capture_output=True).stdout


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
@pytest.mark.parametrize("kind", ["PGM", "plain PGM"])
def test_a_comment_that_has_to_go_goes_and_the_file_is_smaller_by_that(tmp_path, metadata, kind):
    before = commented(tmp_path / "x.pgm")
    if kind == "plain PGM":
        before = b"P2 # Lake House\n2 1 #\n255\n9 # Lake House\n80\n"
        (tmp_path / "x.pgm").write_bytes(before)
    made = make(tmp_path / "x.pgm", recipe(OPTIMIZE, metadata=metadata), tmp_path / "out", marks_outputs=True).paths[0]
    assert made.name == "x.pgm"
    assert b"Lake House" not in made.read_bytes()
    assert made.stat().st_size < len(before)
    assert pixels_by_imagemagick(made) == pixels_by_imagemagick(tmp_path / "x.pgm")


def test_a_comment_goes_by_default_as_in_other_formats_and_stays_where_all_is_to_stay(tmp_path):
    before = commented(tmp_path / "x.pgm")
    made = make(tmp_path / "x.pgm", recipe(OPTIMIZE), tmp_path / "out")
    assert b"Lake House" not in made.paths[0].read_bytes()
    assert any("without what stands beside its pixels" in note for note in made.notes)
    kept = make(tmp_path / "x.pgm", recipe(OPTIMIZE, metadata="all"), tmp_path / "kept")
    assert kept.paths[0].read_bytes() == before


@pytest.mark.parametrize("output", [OPTIMIZE, SHRINK], ids=["optimize", "shrink"])
@pytest.mark.parametrize("content", TINY.values(), ids=TINY)
def test_a_tiny_file_whose_layout_is_not_known_to_its_end_does_not_grow(tmp_path, content, output):
    source = tmp_path / f"x.{'qoi' if content.startswith(b'qoi') else 'bmp'}"
    source.write_bytes(content)
    made = make(source, recipe(output), tmp_path / "out", marks_outputs=True)
    assert made.paths[0].read_bytes() == content


def os2(content: bytes) -> bytes:
    """The bitmap of one pixel of 24 bits with the header of OS/2 1.x."""
    return b"BM" + struct.pack("<LLLL4H", 30, 0, 26, 12, 1, 1, 1, 24) + content[54:]


def with_gap(content: bytes) -> bytes:
    return content[:10] + struct.pack("<L", 64) + content[14:54] + b"Lake House" + content[54:]


def packed(bits: int, codes: bytes) -> bytes:
    head = struct.pack("<LllHHLLLLLL", 40, 4, 2, 1, bits, 3 - bits // 4, len(codes), 0, 0, 3, 0)
    return b"BM" + struct.pack("<LLL", 66 + len(codes), 0, 66) + head + bytes(range(10, 22)) + codes


BITMAPS = {
    "OS/2": os2,
    "gap": with_gap,
    "runs": lambda _: packed(8, bytes((4, 1, 0, 0, 4, 2, 0, 1))),
    "no end": lambda _: packed(8, bytes((4, 1, 0, 0, 4, 2, 0, 0))),
    "literal": lambda _: packed(8, bytes((0, 3, 1, 2, 1, 0, 1, 2, 0, 0, 4, 0, 0, 1))),
    "move": lambda _: packed(8, bytes((4, 1, 0, 2, 0, 1, 4, 2, 0, 1))),
    "runs of 4 bits": lambda _: packed(4, bytes((4, 0x12, 0, 0, 0, 4, 0x21, 0x12, 0, 0, 0, 1))),
}


@pytest.mark.parametrize("metadata", ["copyright", "none", "private", "all"])
@pytest.mark.parametrize("kind", BITMAPS)
def test_no_small_bitmap_grows_and_nothing_hides_in_one_that_is_to_have_no_metadata(tmp_path, kind, metadata):
    Image.new("RGB", (1, 1), (9, 80, 200)).save(tmp_path / "plain.bmp")
    content = BITMAPS[kind]((tmp_path / "plain.bmp").read_bytes())
    source = tmp_path / "x.bmp"
    for hidden in (b"", b"Lake House"):
        length = struct.pack("<L", len(content + hidden))
        source.write_bytes(content[:2] + length + content[6:] + hidden)
        made = make(source, recipe(OPTIMIZE, metadata=metadata), tmp_path / "out", marks_outputs=True).paths[0]
        assert made.stat().st_size <= source.stat().st_size
        assert (b"Lake House" in made.read_bytes()) is (metadata == "all" and b"Lake House" in source.read_bytes())
        if kind != "no end":  # which ImageMagick misses
            assert pixels_by_imagemagick(made) == pixels_by_imagemagick(source)


def test_a_name_in_a_targa_goes_with_the_dates_behind_its_pixels(tmp_path):
    source = tmp_path / "x.tga"
    noise("RGB").save(source, rle=False, id_section=b"Lake House")
    made = make(source, recipe(OPTIMIZE, metadata="none"), tmp_path / "out").paths[0]
    assert made.name == "x.tga"
    assert b"Lake House" not in made.read_bytes()
    assert pixels_by_imagemagick(made) == pixels_by_imagemagick(source)


@pytest.mark.parametrize("output", [OPTIMIZE, SHRINK], ids=["optimize", "shrink"])
def test_pages_of_a_format_that_can_not_be_packed_again_stay_together(tmp_path, output):
    pages = [noise("RGB").rotate(angle) for angle in range(3)]
    pages[0].save(tmp_path / "x.pdf", save_all=True, append_images=pages[1:])
    made = make(tmp_path / "x.pdf", recipe(output), tmp_path / "out", marks_outputs=True)
    assert made.paths[0].read_bytes() == (tmp_path / "x.pdf").read_bytes()
    assert "one of its 3 pages" in made.notes[0]
    each = make(
        tmp_path / "x.pdf", recipe(Output(name="{page}.{ext}", format="same", min_saving=0.0)), tmp_path / "each"
    )
    assert [path.suffix for path in each.paths] == [".png"] * 3


@pytest.mark.parametrize("pages", [1, 3])
def test_what_can_neither_be_cleared_nor_become_smaller_is_refused_with_the_reason(tmp_path, pages):
    noise("RGB").save(tmp_path / "x.pdf", save_all=True, append_images=[noise("RGB")] * (pages - 1))
    with pytest.raises(JobError, match="Its metadata can't be taken out of this PDF file here, and ") as caught:
        make(tmp_path / "x.pdf", recipe(OPTIMIZE, metadata="none"), tmp_path / "out")
    assert caught.value.kind is ErrorKind.UNSUPPORTED


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

"""What `optimize` promises of every format: the same pixels, no byte more, and the original where nothing is won."""

from __future__ import annotations

import io
from itertools import product
from typing import TYPE_CHECKING, Any

import oxipng
import pytest
from PIL import Image, ImageSequence

from fileq.images.formats.optional_codecs import register_jpeg_xl
from fileq.recipes.recipe import Output
from tests.support.images import make, photo, recipe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPTIMIZE = Output(format="same", lossless=True, min_saving=0.0)
MODES = {
    "jpg": ["L", "RGB", "CMYK"],
    "png": ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"],
    "gif": ["1", "L", "P"],
    "webp": ["RGB", "RGBA"],
    "tif": ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16"],
    "avif": ["RGB", "RGBA"],
    "jxl": ["RGB", "RGBA"],
    "jp2": ["L", "RGB"],
    "bmp": ["1", "L", "P", "RGB"],
}
SHAPES = {"dot": (1, 1), "photo": (160, 120), "flat": (160, 120), "wide": (97, 3)}
OPTIONS: dict[str, dict[str, Any]] = {
    "jpg": {"quality": 60, "progressive": True, "optimize": True},
    "webp": {"quality": 60},
    "avif": {"quality": 40},
    "tif": {"compression": "tiff_lzw"},
    "jxl": {"lossless": True},
}


def picture(shape: str, mode: str) -> Image.Image:
    size = SHAPES[shape]
    image = Image.new("RGB", size, (20, 120, 220)) if shape == "flat" else photo(size)
    if mode == "I;16":
        return _deep(image)
    if mode in {"RGBA", "LA"}:
        image.putalpha(photo(size).convert("L"))
    return image.convert(mode)


def _deep(image: Image.Image) -> Image.Image:
    gray = image.convert("L").tobytes()
    return Image.frombytes("I;16", image.size, b"".join(bytes((value, 255 - value)) for value in gray))


def frames_of(content: bytes) -> Iterator[tuple[object, ...]]:
    register_jpeg_xl()
    with Image.open(io.BytesIO(content)) as image:
        for frame in ImageSequence.Iterator(image):
            frame.load()
            shown = frame if frame.mode in {"CMYK", "I;16", "I;16B"} else frame.convert("RGBA")
            yield frame.size, frame.info.get("duration", 0), shown.mode, shown.tobytes()


def written(path: Path, image: Image.Image, **more: Any) -> bytes:
    if path.suffix == ".jxl":
        register_jpeg_xl()
    image.save(path, **OPTIONS.get(path.suffix[1:], {}) | more)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("ending", "mode", "shape"),
    [(ending, mode, shape) for ending, modes in MODES.items() for mode, shape in product(modes, SHAPES)],
)
def test_no_output_is_larger_and_no_pixel_another(tmp_path, ending, mode, shape):
    before = written(tmp_path / f"x.{ending}", picture(shape, mode))
    made = make(tmp_path / f"x.{ending}", recipe(OPTIMIZE), tmp_path / "out", marks_outputs=True)
    after = made.paths[0].read_bytes()
    assert made.encoded[0].bytes == len(after)
    assert len(after) <= len(before)
    if ending != "bmp":
        assert made.paths[0].name == f"x.{ending}"
    assert list(frames_of(after)) == list(frames_of(before))


@pytest.mark.parametrize("ending", ["jpg", "png", "gif", "webp", "tif", "avif", "jxl", "jp2"])
def test_a_file_that_was_optimized_stays_byte_for_byte(tmp_path, ending):
    written(tmp_path / f"x.{ending}", picture("photo", "RGB"))
    first = make(tmp_path / f"x.{ending}", recipe(OPTIMIZE), tmp_path / "one").paths[0]
    second = make(first, recipe(OPTIMIZE), tmp_path / "two").paths[0]
    assert second.read_bytes() == first.read_bytes()


@pytest.mark.parametrize(
    ("ending", "mode"), [("bmp", "1"), ("bmp", "RGB"), ("pbm", "1"), ("pgm", "L"), ("tga", "RGBA")]
)
def test_a_picture_in_a_format_that_is_not_written_becomes_a_png_that_is_packed_too(tmp_path, ending, mode):
    before = written(tmp_path / f"x.{ending}", picture("photo", mode))
    made = make(tmp_path / f"x.{ending}", recipe(OPTIMIZE), tmp_path / "out", marks_outputs=True)
    after = made.paths[0].read_bytes()
    assert made.paths[0].suffix == ".png"
    assert len(after) < len(before)
    assert made.encoded[0].bytes == len(after) <= len(oxipng.optimize_from_memory(after, level=4))
    assert list(frames_of(after)) == list(frames_of(before))


@pytest.mark.parametrize("metadata", ["all", "copyright", "private", "none"])
@pytest.mark.parametrize("output", [OPTIMIZE, Output(format="same", quality=80, min_saving=0.05)])
def test_a_jpeg_with_other_bytes_in_place_of_its_end_is_no_fault_of_ours_and_not_larger(tmp_path, output, metadata):
    whole = written(tmp_path / "x.jpg", picture("photo", "RGB"), progressive=False)
    before = whole.removesuffix(b"\xff\xd9") + b"\xff\xfe\x15\x4f" + b"\x12" * 40
    (tmp_path / "x.jpg").write_bytes(before)
    made = make(tmp_path / "x.jpg", recipe(output, metadata=metadata), tmp_path / "out", marks_outputs=True)
    assert made.encoded[0].bytes <= len(before)


@pytest.mark.parametrize("metadata", ["all", "private", "none"])
@pytest.mark.parametrize(("ending", "mode"), [(ending, mode) for ending, modes in MODES.items() for mode in modes])
def test_no_file_of_one_pixel_grows_whatever_is_to_stay_of_its_metadata(tmp_path, ending, mode, metadata):
    before = written(tmp_path / f"x.{ending}", picture("dot", mode))
    made = make(tmp_path / f"x.{ending}", recipe(OPTIMIZE, metadata=metadata), tmp_path / "out", marks_outputs=True)
    assert made.encoded[0].bytes <= len(before)

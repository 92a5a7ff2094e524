"""Which way up a picture is, format by format: as Chromium shows it, else as ImageMagick or djxl does."""

from __future__ import annotations

import binascii
import io
import shutil
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from fileq.files.containers import png_chunk, riff_chunk
from fileq.recipes.recipe import Output
from tests.images import heic
from tests.support.images import BLUE, GREEN, RED, YELLOW, make, pixel_of, quarters, recipe
from tests.support.judges import convert, needs_imagemagick, pixels

PNG = recipe(Output(name="{stem}-o.png"))
SIZE = (96, 64)
NAMES = {RED: "red", GREEN: "green", BLUE: "blue", YELLOW: "yellow"}
TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif"}
ORIENTATION = 0x0112


def layout(image: Image.Image) -> tuple[object, ...]:
    """The size, and the colours of the quarters."""
    width, height = image.size
    corners = [(x, y) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return image.size, *(nearest(pixel_of(image.convert("RGB"), corner)) for corner in corners)


def nearest(pixel: tuple[int, ...]) -> str:
    return NAMES[min(NAMES, key=lambda color: sum(abs(a - b) for a, b in zip(color, pixel, strict=True)))]


def exif(*entries: tuple[int, int, int], order: str = "<") -> bytes:
    """EXIF data of tags, each with its type and its value."""
    forms = {1: "B3x", 3: "H2x", 4: "I", 8: "h2x", 9: "i"}
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(entries))
    rows = (struct.pack(f"{order}HHI{forms[kind]}", tag, kind, 1, value) for tag, kind, value in entries)
    return head + b"".join(rows) + bytes(4)


def jpeg(*segments: bytes, before: bytes = b"") -> bytes:
    out = io.BytesIO()
    quarters(SIZE).save(out, "JPEG", quality=95)
    content = out.getvalue()
    at = content.index(before) if before else 2
    added = b"".join(b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment for segment in segments)
    return content[:at] + added + content[at:]


def png(*chunks: bytes, last: bool = False) -> bytes:
    out = io.BytesIO()
    quarters(SIZE).save(out, "PNG")
    content = out.getvalue()
    at = content.rindex(b"IEND") - 4 if last else 33
    return content[:at] + b"".join(chunks) + content[at:]


def webp(data: bytes) -> bytes:
    out = io.BytesIO()
    quarters(SIZE).save(out, "WEBP", lossless=True, exif=exif())
    content = out.getvalue()
    whole = content[: content.index(b"EXIF")] + riff_chunk(b"EXIF", data)
    return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]


def by_pillow(ending: str, orientation: int) -> bytes:
    """In AVIF Pillow writes irot and imir."""
    out, tags = io.BytesIO(), Image.Exif()
    tags[ORIENTATION] = orientation
    quarters(SIZE).save(out, {"jpg": "JPEG", "tif": "TIFF"}.get(ending, ending), exif=tags)
    return out.getvalue()


def raw_profile(data: bytes) -> bytes:
    """A text chunk in which ImageMagick keeps EXIF."""
    text = b"\nexif\n%8d\n%b\n" % (len(data) + 6, binascii.hexlify(b"Exif\0\0" + data))
    return png_chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text))


SIX, THREE = exif((ORIENTATION, 3, 6)), exif((ORIENTATION, 3, 3))
DATA = {
    "little-endian": SIX, "big-endian": exif((ORIENTATION, 3, 6), order=">"), "BYTE": exif((ORIENTATION, 1, 6)),
    "LONG": exif((ORIENTATION, 4, 6)), "SSHORT": exif((ORIENTATION, 8, 6)), "SLONG": exif((ORIENTATION, 9, 6)),
    "0": exif((ORIENTATION, 3, 0)), "9": exif((ORIENTATION, 3, 9)), "cut off": SIX[:-6], "empty": b"",
    "no data": SIX[:8], "twice": exif((ORIENTATION, 3, 6), (ORIENTATION, 3, 3)), "far away": b"II*\0\xff\xff\xff\xff",
}  # fmt: skip
ODD: dict[str, Callable[[], bytes]] = {
    "two segments.jpg": lambda: jpeg(b"Exif\0\0" + SIX, b"Exif\0\0" + THREE),
    "before the tables.jpg": lambda: jpeg(b"Exif\0\0" + SIX, before=b"\xff\xdb"),
    "before the scan.jpg": lambda: jpeg(b"Exif\0\0" + SIX, before=b"\xff\xda"),
    "behind the pixels.png": lambda: png(png_chunk(b"eXIf", SIX), last=True),
    "two chunks.png": lambda: png(png_chunk(b"eXIf", SIX), png_chunk(b"eXIf", THREE)),
    "a prefix.png": lambda: png(png_chunk(b"eXIf", b"Exif\0\0" + SIX)),
    "a text.png": lambda: png(raw_profile(SIX)),
    "a wrong checksum.png": lambda: png(png_chunk(b"eXIf", SIX)[:-1] + b"?"),
    "a prefix.webp": lambda: webp(b"Exif\0\0" + SIX),
}


def assert_is_as_in_the_browser(path: Path, folder: Path, browser) -> None:
    drawn = browser.draw(path, TYPES[path.suffix[1:]])
    assert layout(make(path, PNG, folder).image) == layout(drawn)


@pytest.mark.parametrize("ending", TYPES)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_shown_as_by_a_browser(tmp_path, browser, ending, orientation):
    path = tmp_path / f"x.{ending}"
    path.write_bytes(by_pillow(ending, orientation))
    assert_is_as_in_the_browser(path, tmp_path / "out", browser)


@needs_imagemagick
@pytest.mark.parametrize("ending", ["jpg", "tif", "avif", "heic"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_shown_as_by_imagemagick(tmp_path, ending, orientation):
    path = tmp_path / f"x.{ending}"
    path.write_bytes(heic.lying(orientation) if ending == "heic" else by_pillow(ending, orientation))
    wanted = pixels(convert(path, "-auto-orient", to=tmp_path / "j.png"))
    assert layout(make(path, PNG, tmp_path / "out").image) == layout(wanted)


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
def test_odd_exif_turns_what_a_browser_turns(tmp_path, browser, data, ending):
    path = tmp_path / f"x.{ending}"
    write = {
        "jpg": lambda data: jpeg(b"Exif\0\0" + data),
        "png": lambda data: png(png_chunk(b"eXIf", data)),
        "webp": webp,
    }
    path.write_bytes(write[ending](DATA[data]))
    assert_is_as_in_the_browser(path, tmp_path / "out", browser)


@pytest.mark.parametrize("name", ODD)
def test_exif_in_odd_places_turns_what_a_browser_turns(tmp_path, browser, name):
    path = tmp_path / name
    path.write_bytes(ODD[name]())
    assert_is_as_in_the_browser(path, tmp_path / "out", browser)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.skipif(not shutil.which("avifenc"), reason="avifenc is not installed")
def test_exif_in_avif_turns_nothing_beside_its_own_boxes(tmp_path, browser, orientation):
    quarters(SIZE).save(tmp_path / "s.png")
    (tmp_path / "exif").write_bytes(exif((ORIENTATION, 3, orientation)))
    for number, options in enumerate(([], ["--irot", "1"], ["--imir", "0"])):
        path = tmp_path / f"{number}.avif"
        command = ["avifenc", "-s", "9", "--exif", tmp_path / "exif", *options, tmp_path / "s.png", path]
        subprocess.run(command, check=True, capture_output=True)
        assert_is_as_in_the_browser(path, tmp_path / "out", browser)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("transcoded", [False, True])
@pytest.mark.skipif(not shutil.which("cjxl"), reason="cjxl is not installed")
def test_every_orientation_of_jpeg_xl_is_what_djxl_decodes(tmp_path, orientation, transcoded):
    (tmp_path / "s.jpg").write_bytes(by_pillow("jpg", orientation))
    source = tmp_path / "x.jxl"
    command = ["cjxl", tmp_path / "s.jpg", source, f"--lossless_jpeg={int(transcoded)}"]
    subprocess.run(command, check=True, capture_output=True)
    subprocess.run(["djxl", source, tmp_path / "d.ppm"], check=True, capture_output=True)
    assert layout(make(source, PNG, tmp_path / "out").image) == layout(pixels(tmp_path / "d.ppm"))


def test_a_job_says_that_a_webp_was_not_turned_by_its_exif_data(tmp_path):
    (tmp_path / "x.webp").write_bytes(webp(SIX))
    assert "not turned" in make(tmp_path / "x.webp", PNG, tmp_path / "out").notes[0]
    kept = make(tmp_path / "x.webp", recipe(Output(name="k.png"), orient=False, metadata="all"), tmp_path / "kept")
    assert kept.notes == ()
    assert kept.image.getexif().get(ORIENTATION, 1) == 1

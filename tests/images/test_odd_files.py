"""Files that a photographer's disk has in the end: each ends in the right kind, with a sentence that says why."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from fileq.errors import ErrorKind, JobError
from fileq.recipes.recipe import Output
from tests.images import heic
from tests.images.test_optional_codecs import needs_jxl, needs_pdf
from tests.support.images import make, photo, quarters, recipe

PILLOW_NAMES = {"jpg": "JPEG", "tif": "TIFF", "jp2": "JPEG2000"}
STILLS = ["jpg", "png", "gif", "webp", "avif", "tif", "bmp", "jp2", "tga", "ppm", "qoi", "ico", "heic"]
EXTRAS = [pytest.param("jxl", marks=needs_jxl), pytest.param("pdf", marks=needs_pdf)]


def whole(ending: str, image: Image.Image | None = None, **options) -> bytes:
    if ending == "heic":
        return heic.lying(6)
    if ending == "jxl":
        import pillow_jxl  # noqa: F401  # registers itself
    content = io.BytesIO()
    (image or photo((240, 200))).save(content, format=PILLOW_NAMES.get(ending, ending.upper()), **options)
    return content.getvalue()


def moving(ending: str) -> bytes:
    frames = [photo((90, 60)).rotate(at * 40) for at in range(4)]
    return whole(ending, frames[0], save_all=True, append_images=frames[1:], duration=80)


def said(tmp_path, content: bytes, ending: str = "jpg", **keys) -> tuple[ErrorKind, str]:
    """The kind and the sentence that this file ends in, fit for a person."""
    source = tmp_path / f"x.{ending}"
    source.write_bytes(content)
    with pytest.raises(JobError) as caught:
        make(source, recipe(Output(name="o.{ext}", format="same"), Output(name="o.jpg")), tmp_path / "out", **keys)
    error = caught.value
    assert error.message.startswith(str(source))
    assert error.message.endswith(".")
    assert error.hint.endswith((".", "]'"))
    assert "Error" not in error.message
    return error.kind, error.message


@pytest.mark.parametrize("ending", [*STILLS, *EXTRAS])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.4, 0.7, 0.95])
def test_a_file_that_is_cut_off_anywhere_is_unreadable(tmp_path, ending, share):
    content = whole(ending)
    assert said(tmp_path, content[: int(len(content) * share)], ending)[0] == ErrorKind.UNREADABLE


@pytest.mark.parametrize("ending", [*STILLS, *EXTRAS])
def test_a_file_of_nothing_but_zeros_is_unreadable(tmp_path, ending):
    assert said(tmp_path, bytes(len(whole(ending))), ending)[0] == ErrorKind.UNREADABLE


@pytest.mark.parametrize("ending", ["jpg", "png", "gif", "webp", "jp2", "heic", *EXTRAS[:1]])
def test_a_file_whose_second_half_is_zeros_is_unreadable(tmp_path, ending):
    content = whole(ending, photo((600, 500)))
    half = len(content) // 2
    assert said(tmp_path, content[:half] + bytes(len(content) - half), ending)[0] == ErrorKind.UNREADABLE


@pytest.mark.parametrize("ending", ["gif", "png", "webp", "avif"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_an_animation_that_is_cut_off_is_unreadable_and_never_a_shorter_one(tmp_path, ending, share):
    content = moving(ending)
    assert said(tmp_path, content[: int(len(content) * share)], ending)[0] == ErrorKind.UNREADABLE


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    head = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    parts = [
        struct.pack(">I", len(value)) + name + value + struct.pack(">I", zlib.crc32(name + value))
        for name, value in (head, *chunks, (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def patched(content: bytes, at: int, value: bytes) -> bytes:
    return content[:at] + value + content[at + len(value) :]


def jpeg_of(width: int, height: int) -> bytes:
    content = whole("jpg")
    return patched(content, content.index(b"\xff\xc0") + 5, struct.pack(">HH", height, width))


BOMBS = {
    "png": png(60_000, 60_000),
    "png with the largest sides": png(2**31 - 1, 2**31 - 1),
    "jpg": jpeg_of(65_500, 65_500),
    "gif": patched(whole("gif"), 6, struct.pack("<HH", 65_535, 65_535)),
    "bmp": patched(whole("bmp"), 18, struct.pack("<ii", 100_000, 100_000)),
    "ppm": b"P6 100000 100000 255\n",
    "qoi": patched(whole("qoi"), 4, struct.pack(">II", 100_000, 100_000)),
    "tga": patched(whole("tga"), 12, struct.pack("<HH", 65_535, 65_535)),
    "psd": b"8BPS\0\1" + bytes(6) + b"\0\3" + struct.pack(">IIHH", 30_000, 30_000, 8, 3) + bytes(14),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_header_that_claims_too_many_pixels_is_too_large(tmp_path, bomb):
    kind, message = said(tmp_path, BOMBS[bomb], bomb.split(" ", maxsplit=1)[0])
    assert kind == ErrorKind.TOO_LARGE
    assert "max_pixels" in message


def test_a_text_that_unpacks_to_gigabytes_is_left_out(tmp_path):
    text = b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9)
    (tmp_path / "x.png").write_bytes(png(9, 9, (b"zTXt", text)))
    made = make(tmp_path / "x.png", recipe(Output(name="o.png"), metadata="all"), tmp_path / "out")
    assert "zTXt" in made.notes[0]


@pytest.mark.timeout(60)
def test_a_tiff_whose_pages_follow_each_other_in_a_circle_ends(tmp_path):
    """tifffile 2026.3 goes round in it, and takes memory each time."""
    circle = b"MM\0*\0\0\0\x0e" + bytes(8) + b"\0\0\0\x0e\0\0"
    assert said(tmp_path, circle, "tif")[0] == ErrorKind.UNREADABLE


def raw(**tags: object) -> bytes:
    options = Image.Exif()
    for tag, value in tags.items():
        options[int(tag[1:])] = value
    return whole("tif", quarters((32, 24)), tiffinfo=options)


def canon() -> bytes:
    """A TIFF as Canon's cameras begin theirs, the first directory moved to the end."""
    content = raw()
    count = int.from_bytes(content[8:10], "little")
    return patched(content, 4, struct.pack("<I", len(content)) + b"CR\2\0") + content[8 : 10 + 12 * count + 4]


@pytest.mark.parametrize("content", [raw(t50706=b"\1\4\0\0"), canon()], ids=["DNG", "CR2"])
def test_the_preview_in_a_camera_raw_file_is_not_taken_for_the_picture(tmp_path, content):
    kind, message = said(tmp_path, content, "tif")
    assert kind == ErrorKind.UNSUPPORTED
    assert "camera raw" in message


def test_a_file_of_one_byte_is_unreadable(tmp_path):
    for byte in (b"\0", b"\xff", b"G", b"%"):
        assert said(tmp_path, byte)[0] == ErrorKind.UNREADABLE


def test_a_heic_whose_item_has_no_type_is_unreadable(tmp_path):
    """pi-heif 1.4 ends the whole process with a segmentation fault."""
    content = heic.lying(1)
    at = content.index(b"Exif", content.index(b"infe"))
    assert said(tmp_path, patched(content, at, b"\xff\xff\xff\xff"), "heic")[0] == ErrorKind.UNREADABLE

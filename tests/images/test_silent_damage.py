"""Damage of which decoders say nothing, or only on stderr: no half picture comes out as a whole one."""

import random
import struct
import zlib

import pytest
from PIL import Image

from fileq.errors import ErrorKind
from fileq.recipes.recipe import Output
from tests.images.test_png_transparency import GRAY, RGB, chunk
from tests.support.images import failure, make, photo, recipe

SIDE = 64
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
START = b"\x89PNG\r\n\x1a\n"


def rows_of(image: Image.Image) -> list[bytes]:
    content, length = image.tobytes(), image.width * len(image.getbands())
    return [content[at : at + length] for at in range(0, len(content), length)]


def interlaced_rows(image: Image.Image) -> list[bytes]:
    pixels = image.load()
    assert pixels is not None
    return [
        bytes(pixels[x, y] for x in range(left, image.width, across))  # type: ignore[misc]  # one channel: numbers
        for left, top, across, down in PASSES
        for y in range(top, image.height, down)
    ]


def png(image: Image.Image, rows: list[bytes], *, interlaced: bool = False, pixels: bytes | None = None) -> bytes:
    kind = GRAY if image.mode == "L" else RGB
    header = struct.pack(">IIBBBBB", *image.size, 8, kind, 0, 0, interlaced)
    content = zlib.compress(b"".join(b"\0" + row for row in rows)) if pixels is None else pixels
    return START + chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("missing", [1, 2, SIDE // 2])
def test_a_png_whose_rows_end_early_is_damaged(tmp_path, mode, missing):
    image = photo((SIDE, SIDE)).convert(mode)
    (tmp_path / "x.png").write_bytes(png(image, rows_of(image)[:-missing]))
    kind, message = failure(tmp_path / "x.png", recipe(), tmp_path / "out")
    assert kind is ErrorKind.UNREADABLE
    assert "rows of its pixels are missing" in message


@pytest.mark.parametrize("height", [SIDE, SIDE + 1])
@pytest.mark.parametrize("missing", [1, 32, 40])
def test_an_interlaced_png_whose_rows_end_early_is_damaged(tmp_path, height, missing):
    image = photo((SIDE, height)).convert("L")
    (tmp_path / "x.png").write_bytes(png(image, interlaced_rows(image)[:-missing], interlaced=True))
    kind, _ = failure(tmp_path / "x.png", recipe(), tmp_path / "out")
    assert kind is ErrorKind.UNREADABLE


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 4), (SIDE, SIDE)])
@pytest.mark.parametrize("interlaced", [False, True])
def test_a_png_that_is_black_at_its_end_is_whole(tmp_path, size, interlaced):
    image = Image.new("L", size)
    rows = [row for row in interlaced_rows(image) if row] if interlaced else rows_of(image)
    (tmp_path / "x.png").write_bytes(png(image, rows, interlaced=interlaced))
    assert make(tmp_path / "x.png", recipe(Output(name="o.png")), tmp_path / "out").image.size == size


@pytest.mark.parametrize("damage", ["flipped", "wrong sum", "no such filter", "no deflate"])
def test_a_png_whose_pixels_are_damaged_under_a_right_checksum_is_no_picture(tmp_path, damage):
    image = photo((SIDE, SIDE)).convert("L")
    rows = rows_of(image)
    content = bytearray(zlib.compress(b"".join((b"\7" if damage == "no such filter" else b"\0") + row for row in rows)))
    if damage == "flipped":
        content[len(content) // 2] ^= 0xFF
    if damage == "wrong sum":
        content[-1] ^= 0xFF
    if damage == "no deflate":
        content = bytearray(b"\x78\x9c" + b"no deflate" * 20)
    (tmp_path / "x.png").write_bytes(png(image, rows, pixels=bytes(content)))
    kind, message = failure(tmp_path / "x.png", recipe(), tmp_path / "out")
    assert kind is ErrorKind.UNREADABLE
    assert "is damaged" in message


def test_a_later_frame_of_an_animated_png_that_lacks_rows_is_damaged(tmp_path):
    image = photo((SIDE, SIDE)).convert("L")
    frames = [zlib.compress(b"".join(b"\0" + row for row in rows_of(image)[:count])) for count in (SIDE, SIDE // 2)]
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, GRAY, 0, 0, 0)
    control = [struct.pack(">IIIIIHHBB", number, SIDE, SIDE, 0, 0, 1, 10, 0, 0) for number in (0, 1)]
    whole = [
        START, chunk(b"IHDR", header), chunk(b"acTL", struct.pack(">II", 2, 0)), chunk(b"fcTL", control[0]),
        chunk(b"IDAT", frames[0]), chunk(b"fcTL", control[1]), chunk(b"fdAT", struct.pack(">I", 2) + frames[1]),
        chunk(b"IEND", b""),
    ]  # fmt: skip
    (tmp_path / "x.png").write_bytes(b"".join(whole))
    kind, message = failure(tmp_path / "x.png", recipe(Output(name="o.webp")), tmp_path / "out")
    assert kind is ErrorKind.UNREADABLE
    assert "rows" in message


def test_a_fax_with_bad_code_words_is_damaged_and_the_decoder_says_so_to_nobody_else(tmp_path, capfd):
    image = photo((200, 100)).convert("1")
    image.save(tmp_path / "x.tif", compression="group4")
    assert make(tmp_path / "x.tif", recipe(Output(name="o.png")), tmp_path / "out").notes == ()
    with Image.open(tmp_path / "x.tif") as opened:
        tags = opened.tag_v2  # type: ignore[attr-defined]  # a TIFF's
        start, length = tags[273][0], tags[279][0]
    content, chance = bytearray((tmp_path / "x.tif").read_bytes()), random.Random(1)
    for _ in range(20):
        content[start + chance.randrange(length)] ^= 1 << chance.randrange(8)
    (tmp_path / "x.tif").write_bytes(content)
    kind, message = failure(tmp_path / "x.tif", recipe(), tmp_path / "out")
    assert kind is ErrorKind.UNREADABLE
    assert "Decode" in message
    assert capfd.readouterr().err == ""

"""GIF in fewer bytes: no color twice, no palette twice, and codes whose table stays while it serves."""

from __future__ import annotations

import random
import struct
import subprocess
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageSequence

from fileq.images.formats import gif_codes
from fileq.images.lossless.comparison import show_the_same
from tests.images.lossless.test_gif_changes import coalesced
from tests.images.lossless.test_never_larger import OPTIMIZE
from tests.support.images import make, photo, recipe

if TYPE_CHECKING:
    from pathlib import Path

CONTROL = b"\x21\xf9\x04\0\x0a\0\0\0"
TWICE = tuple(range(255, -1, -1))


def block(indices: Image.Image, palette: bytes = b"") -> bytes:
    """A picture of a GIF, with a palette of its own where one is given."""
    descriptor = b"," + struct.pack("<4HB", 0, 0, *indices.size, 0x87 if palette else 0)
    return CONTROL + descriptor + palette + b"\x08" + gif_codes.encode_indices(indices, 8)


def write(path: Path, palette: bytes, *blocks: bytes, size: tuple[int, int]) -> Path:
    path.write_bytes(b"GIF89a" + struct.pack("<2H3B", *size, 0xF7, 0, 0) + palette + b"".join(blocks) + b";")
    return path


def optimized(path: Path) -> Path:
    return make(path, recipe(OPTIMIZE), path.parent / "out", marks_outputs=False).paths[0]


def frames(path: Path) -> list[bytes]:
    with Image.open(path) as image:
        return [frame.convert("RGB").tobytes() for frame in ImageSequence.Iterator(image)]


def by_imagemagick(path: Path) -> bytes:
    command = ["convert", str(path), "-coalesce", "-depth", "8", "RGB:-"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def test_a_color_that_a_palette_has_twice_takes_one_number(tmp_path):
    size, colors = (64, 64), bytes(value for gray in range(4) for value in (gray * 80,) * 3)
    noise = Image.frombytes("L", size, random.Random(1).randbytes(64 * 64))
    many = write(tmp_path / "many.gif", colors * 64, block(noise), size=size)
    few = write(tmp_path / "few.gif", colors * 64, block(noise.point([x % 4 for x in range(256)])), size=size)
    assert frames(optimized(many)) == frames(many) == frames(few)
    assert optimized(many).read_bytes() == optimized(few).read_bytes()
    assert optimized(many).stat().st_size < many.stat().st_size / 3


def test_a_gif_without_any_palette_keeps_its_numbers_apart(tmp_path):
    size, noise = (64, 64), random.Random(3).randbytes(64 * 64)
    head = b"GIF89a" + struct.pack("<2H3B", *size, 0, 0, 0)
    (tmp_path / "x.gif").write_bytes(head + block(Image.frombytes("L", size, noise)) + b";")
    made = optimized(tmp_path / "x.gif").read_bytes()
    at = made.index(b",")
    assert len(set(gif_codes.read_indices(made[at:-1], 10).tobytes())) == 256


def test_a_palette_with_the_colors_of_the_shared_one_goes(tmp_path):
    colors = random.Random(2).randbytes(768)
    first = photo((90, 60)).convert("L")
    second = first.transpose(Image.Transpose.ROTATE_180)
    own = b"".join(colors[3 * index : 3 * index + 3] for index in TWICE)
    blocks = block(first), block(second.point(TWICE), own)
    source = write(tmp_path / "x.gif", colors, *blocks, size=(90, 60))
    shared = write(tmp_path / "y.gif", colors, blocks[0], block(second), size=(90, 60))
    made = optimized(source)
    assert frames(made) == frames(source) == frames(shared)
    assert made.stat().st_size == optimized(shared).stat().st_size


@pytest.mark.parametrize("bits", range(2, 9))
@pytest.mark.parametrize("kind", ["noise", "runs", "noise behind runs"])
def test_codes_that_keep_a_full_table_say_the_same_to_every_decoder(tmp_path, bits, kind):
    size, chance = (300, 200), random.Random(bits)
    noise = bytes(value >> (8 - bits) for value in chance.randbytes(60_000))
    runs = bytes(x // (3 + y % 11) % (1 << bits) for y in range(200) for x in range(300))
    indices = {"noise": noise, "runs": runs, "noise behind runs": runs[:30_000] + noise[30_000:]}[kind]
    picture = Image.frombytes("L", size, indices)
    palette = bytes(value for index in range(256) for value in (index, 255 - index, index // 2))
    packed = gif_codes.encode_indices_closely(picture, bits)
    whole = b"," + struct.pack("<4HB", 0, 0, *size, 0) + bytes((bits,)) + packed
    path = write(tmp_path / "x.gif", palette, CONTROL + whole, size=size)
    assert len(packed) <= len(gif_codes.encode_indices(picture, bits))
    assert frames(path) == [b"".join(palette[3 * index : 3 * index + 3] for index in indices)]
    assert by_imagemagick(path) == frames(path)[0]


def test_a_picture_of_few_patterns_is_no_larger_than_by_gifsicle(tmp_path):
    picture = photo((400, 300)).quantize(64, dither=Image.Dither.NONE)
    picture.save(tmp_path / "x.gif")
    made = optimized(tmp_path / "x.gif")
    command = ["gifsicle", "-O3", "--no-comments", str(tmp_path / "x.gif")]
    peer = subprocess.run(command, check=True, capture_output=True).stdout
    assert made.stat().st_size <= len(peer)


@pytest.mark.parametrize("length", [*range(4088, 4104), 8190])
def test_codes_end_right_wherever_the_table_gets_full(tmp_path, length):
    noise = bytes(value >> 1 for value in random.Random(length).randbytes(length))
    picture = Image.frombytes("L", (length, 1), noise)
    packed = gif_codes.encode_indices_closely(picture, 7)
    whole = b"," + struct.pack("<4HB", 0, 0, length, 1, 0) + b"\x07" + packed
    path = write(tmp_path / "x.gif", bytes(x for gray in range(256) for x in (gray,) * 3), whole, size=(length, 1))
    assert by_imagemagick(path) == frames(path)[0] == bytes(x for value in noise for x in (value,) * 3)


def test_what_shows_nothing_takes_a_number_that_its_picture_has_free_and_no_room_in_the_palette(tmp_path):
    colors = random.Random(5).randbytes(768)
    first = Image.frombytes("L", (64, 64), random.Random(6).randbytes(4096)).point([x % 64 for x in range(256)])
    second = Image.new("L", (64, 64), 200)
    second.paste(random.Random(7).randrange(64), (10, 10, 30, 40))
    clear = CONTROL[:3] + b"\1\x0a\0\xc8\0"
    source = write(tmp_path / "x.gif", colors, block(first), clear + block(second)[8:], size=(64, 64))
    made = optimized(source)
    content = made.read_bytes()
    assert frames(made) == frames(source)
    assert by_imagemagick(made) == by_imagemagick(source)
    assert content[10] & 7 == 5  # 64 colors
    assert content[content.rindex(CONTROL[:3]) + 6] < 2


def test_a_lone_picture_has_no_block_that_says_nothing(tmp_path):
    picture = photo((64, 64)).convert("L")
    for flags in (b"\0", b"\1"):  # no pixel has the transparent index
        control = CONTROL[:3] + flags + b"\0\0\xff\0"
        palette = random.Random(8).randbytes(768)
        pixels = block(picture.point([min(x, 254) for x in range(256)]))
        source = write(tmp_path / "x.gif", palette, control + pixels[8:], size=(64, 64))
        made = optimized(source)
        assert CONTROL[:3] not in made.read_bytes()
        assert by_imagemagick(made) == by_imagemagick(source)


@pytest.mark.parametrize(("disposal", "place"), [(2, 0), (1, 8)])
def test_an_index_that_shows_nothing_stays_where_programs_ask_for_it_beside_its_picture(tmp_path, disposal, place):
    control = CONTROL[:3] + bytes((disposal << 2 | 1,)) + b"\x0a\0\xff\0"
    palette, picture = random.Random(9).randbytes(768), Image.new("L", (32, 32), 3)
    whole = bytearray(block(picture)[8:])
    whole[1], whole[3] = place, place
    again = CONTROL + block(picture.crop((0, 0, 8, 8)))[8:]
    source = write(tmp_path / "x.gif", palette, control + bytes(whole), again, size=(40, 40))
    made = optimized(source)
    assert made.stat().st_size < source.stat().st_size
    assert show_the_same(made.read_bytes(), source.read_bytes(), "GIF")
    assert coalesced(made) == coalesced(source)

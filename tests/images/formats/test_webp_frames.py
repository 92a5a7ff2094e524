"""Frames of animated WebP on their canvas, by every disposal and blend, and what they leave uncovered: Chromium."""

from __future__ import annotations

import io
import itertools
import struct

import pytest
from PIL import Image

from fileq.errors import ErrorKind
from fileq.files.containers import riff_chunk, riff_chunks
from fileq.recipes.recipe import Output
from tests.support.images import failure, make, recipe

COLORS = {
    "R": (255, 0, 0, 255), "G": (0, 255, 0, 255), "B": (0, 0, 255, 255), "Y": (255, 255, 0, 255), ".": (0, 0, 0, 0),
    "h": (0, 0, 255, 128),
}  # fmt: skip
SIDE = 4
PNG = recipe(Output(name="o.png"))


def pixels(size: tuple[int, int], letters: str) -> bytes:
    """The chunks of a lossless picture."""
    content, whole = (
        bytes(level for at in range(size[0] * size[1]) for level in COLORS[letters[at % len(letters)]]),
        io.BytesIO(),
    )
    Image.frombytes("RGBA", size, content).save(whole, "WEBP", lossless=True, exact=True)
    chunks = [(chunk.name, whole.read(chunk.length)) for chunk in riff_chunks(whole)]
    return b"".join(riff_chunk(name, content) for name, content in chunks if name == b"VP8L")


def number(value: int) -> bytes:
    return value.to_bytes(3, "little")


def frame(
    box: tuple[int, int, int, int], letters: str, *, disposes: int = 0, replaces: int = 0, duration: int = 100
) -> bytes:
    """A frame of left, top, width and height, the first two even."""
    left, top, width, height = box
    place = number(left // 2) + number(top // 2) + number(width - 1) + number(height - 1)
    flags = bytes([replaces << 1 | disposes])
    return riff_chunk(b"ANMF", place + number(duration) + flags + pixels((width, height), letters))


def webp(*frames: bytes, alpha: bool = True, background: int = 0) -> bytes:
    flags = bytes([0x02 | (0x10 if alpha else 0), 0, 0, 0])
    head = riff_chunk(b"VP8X", flags + number(SIDE - 1) * 2) + riff_chunk(b"ANIM", struct.pack("<IH", background, 0))
    body = b"WEBP" + head + b"".join(frames)
    return b"RIFF" + struct.pack("<I", len(body)) + body


WHOLE, CORNER, END = (0, 0, SIDE, SIDE), (0, 0, 2, 2), (2, 2, 2, 2)


def played_over(first: int, second: int, replaces: tuple[int, ...], *, alpha: bool) -> bytes:
    """Four frames, of which two dispose and replace so."""
    return webp(
        frame(WHOLE, "R.hY" if alpha else "RGBY"),
        frame(CORNER, "G.hG" if alpha else "G", disposes=first, replaces=replaces[0]),
        frame(END, "h.hB" if alpha else "B", disposes=second, replaces=replaces[1]),
        frame(END, "h" if alpha else "Y"),
        alpha=alpha,
    )


FILES = {
    f"disposes {first} {second}, replaces {replaces}, {'alpha' if alpha else 'no alpha'}": played_over(
        first, second, replaces, alpha=alpha
    )
    for first, second, alpha in itertools.product((0, 1), (0, 1), (True, False))
    for replaces in itertools.product((0, 1), repeat=2)
}
FILES |= {
    f"smaller than the canvas, {name}": webp(frame(END, "G"), frame(CORNER, "R"), **keys)  # type: ignore[arg-type]  # any
    for name, keys in {
        "alpha": {}, "no alpha": {"alpha": False}, "a background": {"background": 0xFFFF00FF},
        "a background and no alpha": {"background": 0xFFFF00FF, "alpha": False},
    }.items()
}  # fmt: skip
FILES |= {
    "one small frame": webp(frame(END, "G"), alpha=False),
    "the first goes": webp(frame(WHOLE, "R", disposes=1), frame(END, "G"), alpha=False),
    "no time": webp(frame(WHOLE, "R", duration=0), frame(END, "G", duration=5)),
}


def seen(frames: list[Image.Image]) -> list[list[tuple[int, ...] | None]]:
    contents = [one.convert("RGBA").tobytes() for one in frames]
    pixels = [[tuple(content[at : at + 4]) for at in range(0, len(content), 4)] for content in contents]
    return [[pixel if pixel[3] else None for pixel in one] for one in pixels]


@pytest.mark.parametrize("name", FILES)
def test_frames_are_drawn_as_in_a_browser(tmp_path, browser, name):
    (tmp_path / "x.webp").write_bytes(FILES[name])
    wanted = browser.decode(tmp_path / "x.webp", "image/webp")
    found = browser.decode(make(tmp_path / "x.webp", PNG, tmp_path / "out").paths[0], "image/png")
    played = [[one for one, _ in itertools.groupby(seen(shown.frames))] for shown in (found, wanted)]
    assert len(played[0]) == len(played[1])
    for ours, theirs in zip(*played, strict=True):
        for pixel, other in zip(ours, theirs, strict=True):
            assert (pixel is None) == (other is None)
            assert pixel is None or max(abs(a - b) for a, b in zip(pixel, other, strict=True)) <= 2


@pytest.mark.parametrize("box", [(2, 2, 4, 4), (0, 0, 6, 6), (6, 0, 2, 2)])
def test_a_frame_beyond_the_canvas_is_damage_as_in_a_browser(tmp_path, browser, box):
    (tmp_path / "x.webp").write_bytes(webp(frame(WHOLE, "R"), frame(box, "G")))
    assert browser.decode(tmp_path / "x.webp", "image/webp") is None
    assert failure(tmp_path / "x.webp", PNG, tmp_path / "out")[0] is ErrorKind.UNREADABLE


def test_a_gif_whose_first_frame_leaves_canvas_uncovered_says_so_as_webp(tmp_path):
    """Browsers show that as transparent whatever the file says; Pillow and libvips show black where it says nothing."""
    source = tmp_path / "x.gif"
    Image.new("P", (16, 16)).save(source)
    content = source.read_bytes()
    at = content.index(b"\x2c\0\0\0\0\x10\0\x10\0")
    second = b"\x2c\x10\0\0\0" + content[at + 5 : -1]
    source.write_bytes(content[:6] + struct.pack("<HH", 32, 32) + content[10:-1] + second + b";")
    path = make(source, recipe(Output(name="o.webp")), tmp_path / "out").paths[0]
    with Image.open(path) as made:
        assert made.is_animated  # type: ignore[attr-defined]  # a WebP's
        assert made.mode == "RGBA"
        assert made.getpixel((31, 31)) == (0, 0, 0, 0)

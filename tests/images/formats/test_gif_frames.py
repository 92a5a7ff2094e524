"""Frames of GIFs on their canvas, at every place, disposal and loop: against Chromium."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence

import pytest
from PIL import Image

from fileq.errors import ErrorKind
from fileq.recipes.recipe import Output
from tests.support.images import failure, make, recipe

PALETTE = bytes([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0])
SIDE = 4
CLEAR, END = 4, 5


def packed(indexes: Sequence[int]) -> bytes:
    """Indexes of 2 bits as LZW in one block, the table cleared before it grows."""
    codes = [code for at in range(0, len(indexes), 2) for code in (CLEAR, *indexes[at : at + 2])] + [END]
    bits = sum(code << 3 * place for place, code in enumerate(codes))
    content = bits.to_bytes((3 * len(codes) + 7) // 8, "little")
    blocks = [content[at : at + 255] for at in range(0, len(content), 255)]
    return b"\2" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def looping(count: int, program: bytes = b"NETSCAPE2.0") -> bytes:
    return b"\x21\xff\x0b" + program + b"\3\1" + struct.pack("<H", count) + b"\0"


def frame(
    box: tuple[int, int, int, int],
    color: int,
    *,
    disposal: int = 0,
    transparent: int | None = None,
    pixels: Sequence[int] | None = None,
    control: bool = True,
) -> bytes:
    """A frame of left, top, width and height; `control` is for the block that says how it is shown."""
    flags = disposal << 2 | (transparent is not None)
    before = b"\x21\xf9\4" + struct.pack("<BHBB", flags, 10, transparent or 0, 0) if control else b""
    indexes = [color] * (box[2] * box[3]) if pixels is None else pixels
    return before + b"\x2c" + struct.pack("<HHHHB", *box, 0) + packed(indexes)


def gif(*blocks: bytes, size: tuple[int, int] = (SIDE, SIDE), background: int = 0) -> bytes:
    screen = struct.pack("<HHBBB", *size, 0x81, background, 0)
    return b"".join((b"GIF89a", screen, PALETTE, *blocks, b";"))


WHOLE = (0, 0, SIDE, SIDE)
MIDDLE, CORNER = (1, 1, 2, 2), (3, 3, 1, 1)
FILES = {
    "smaller than the canvas": gif(frame(MIDDLE, 1)),
    "smaller, with a background": gif(frame(MIDDLE, 1), background=2),
    "smaller, with transparency": gif(frame(MIDDLE, 1, transparent=3)),
    "the first larger": gif(frame((0, 0, 6, 6), 1)),
    "the first over the edge": gif(frame((2, 2, 6, 6), 1)),
    "the first outside": gif(frame((5, 5, 2, 2), 1)),
    "the first larger than the second": gif(frame((0, 0, 6, 6), 0), frame(MIDDLE, 1)),
    "a later one larger": gif(frame(WHOLE, 0), frame((0, 0, 6, 6), 1)),
    "a later one over the edge": gif(frame(WHOLE, 0), frame((2, 2, 4, 4), 1)),
    "a later one outside": gif(frame(WHOLE, 0), frame((5, 5, 2, 2), 1), frame(CORNER, 2)),
    "a later one larger that goes": gif(frame(WHOLE, 0), frame((0, 0, 6, 6), 1, disposal=2), frame(CORNER, 2)),
    "a canvas of no size": gif(frame(WHOLE, 0), frame((2, 2, 4, 4), 1), size=(0, 0)),
    "a first frame of no size": gif(frame((0, 0, 0, 0), 1), frame(WHOLE, 1)),
    "no control of later frames": gif(
        frame(WHOLE, 1, transparent=3, disposal=2), frame(MIDDLE, 3, control=False), frame(CORNER, 2, control=False)
    ),
    "more pixels than it has room for": gif(frame(WHOLE, 1, pixels=[1] * 30), frame(CORNER, 2)),
    "no end": gif(frame(WHOLE, 1), frame(CORNER, 2))[:-1],
}
FILES |= {
    f"disposal {first} and {second}": gif(
        frame(WHOLE, 0, transparent=3, pixels=[0, 3] * 8),
        frame(MIDDLE, 1, disposal=first),
        frame((1, 1, 3, 3), 2, disposal=second, transparent=1, pixels=[1, 2, 2] * 3),
        frame((0, 3, 1, 1), 3),
    )
    for first, second in itertools.product(range(8), repeat=2)
}
FILES |= {
    f"disposal {disposal} of the first": gif(frame(WHOLE, 0, disposal=disposal), frame(MIDDLE, 1))
    for disposal in range(8)
}


def seen(image: Image.Image) -> list[tuple[int, ...] | None]:
    """The colors of a picture, None where it is transparent."""
    content = image.convert("RGBA").tobytes()
    pixels = [tuple(content[at : at + 4]) for at in range(0, len(content), 4)]
    return [pixel if pixel[3] else None for pixel in pixels]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("target", ["png", "webp", "gif"])
def test_frames_are_drawn_as_in_a_browser(tmp_path, browser, name, target):
    (tmp_path / "x.gif").write_bytes(FILES[name])
    wanted = browser.decode(tmp_path / "x.gif", "image/gif")
    assert wanted is not None
    made = make(tmp_path / "x.gif", recipe(Output(name=f"o.{target}", lossless=target == "webp")), tmp_path / "out")
    found = browser.decode(made.paths[0], f"image/{target}")
    assert found is not None
    played = [[seen(image) for image in shown.frames] for shown in (found, wanted)]
    merged = [[frame for frame, _ in itertools.groupby(frames)] for frames in played]  # equal ones may become one
    assert merged[0] == merged[1]
    assert sum(found.durations) in (0, sum(duration or 100 for duration in wanted.durations))


LOOPS = {
    "nothing": gif(frame(WHOLE, 1), frame(CORNER, 2)),
    "for ever": gif(looping(0), frame(WHOLE, 1), frame(CORNER, 2)),
    "once more": gif(looping(1), frame(WHOLE, 1), frame(CORNER, 2)),
    "said late": gif(frame(WHOLE, 1), looping(5), frame(CORNER, 2)),
    "said by another program": gif(looping(5, b"ANIMEXTS1.0"), frame(WHOLE, 1), frame(CORNER, 2)),
    "said twice": gif(looping(3), looping(7), frame(WHOLE, 1), frame(CORNER, 2)),
    "thousands of times": gif(looping(60_000), frame(WHOLE, 1), frame(CORNER, 2)),
}


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("target", ["png", "webp", "gif"])
def test_a_gif_plays_as_often_as_in_a_browser(tmp_path, browser, name, target):
    (tmp_path / "x.gif").write_bytes(LOOPS[name])
    (path,) = make(tmp_path / "x.gif", recipe(Output(name=f"o.{target}")), tmp_path / "out").paths
    plays = [
        browser.decode(path, f"image/{kind}").plays for path, kind in ((tmp_path / "x.gif", "gif"), (path, target))
    ]
    assert plays[0] == plays[1]


def test_a_frame_that_lacks_pixels_is_damaged_as_in_a_browser(tmp_path, browser):
    (tmp_path / "x.gif").write_bytes(gif(frame(WHOLE, 1, pixels=[1] * 9), frame(CORNER, 2)))
    assert browser.decode(tmp_path / "x.gif", "image/gif") is None
    assert failure(tmp_path / "x.gif", recipe(Output(name="o.png")), tmp_path / "out")[0] is ErrorKind.UNREADABLE


def test_a_later_frame_of_too_many_pixels_is_too_large(tmp_path):
    (tmp_path / "x.gif").write_bytes(gif(frame(WHOLE, 1), frame((0, 0, 60_000, 60_000), 1, pixels=[1])))
    kind, _ = failure(tmp_path / "x.gif", recipe(Output(name="o.png")), tmp_path / "out")
    assert kind is ErrorKind.TOO_LARGE

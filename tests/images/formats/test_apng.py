"""Animated PNGs, by every disposal and blend, and with errors: against Chromium."""

from __future__ import annotations

import itertools
import struct

import pytest
from PIL import Image

from fileq.errors import ErrorKind
from fileq.recipes.recipe import Output
from tests.images.formats.png_files import END, START, chunk, header, packed
from tests.support.images import failure, make, recipe

RGBA = 6
COLORS = {
    "R": (255, 0, 0, 255), "G": (0, 255, 0, 255), "B": (0, 0, 255, 255), "Y": (255, 255, 0, 255), ".": (0, 0, 0, 0),
    "h": (0, 0, 255, 128),
}  # fmt: skip
SIDE = 4
PNG, LOSSLESS_WEBP = recipe(Output(name="o.png")), recipe(Output(name="o.webp", lossless=True))


def drawn(size: tuple[int, int], letters: str) -> bytes:
    content = b"".join(bytes(COLORS[letter]) for letter in (letters * size[0] * size[1])[: size[0] * size[1]])
    return packed([content[at : at + 4 * size[0]] for at in range(0, len(content), 4 * size[0])])


def apng(count: int, *chunks: bytes, plays: int = 0) -> bytes:
    control = chunk(b"acTL", struct.pack(">II", count, plays))
    return START + header((SIDE, SIDE), RGBA) + control + b"".join(chunks) + END


def control(
    number: int, *box: int, disposal: int = 0, blend: int = 0, delay: tuple[int, int] = (1, 10), checksum=None
) -> bytes:
    """What leads a frame in; its box is width, height, left and top, by default the whole canvas."""
    content = struct.pack(">IIIIIHHBB", number, *(box or (SIDE, SIDE, 0, 0)), *delay, disposal, blend)
    return chunk(b"fcTL", content, checksum=checksum)


def data(number: int, size: tuple[int, int], letters: str, **keys) -> bytes:
    return chunk(b"fdAT", struct.pack(">I", number) + drawn(size, letters), **keys)


def still(letters: str = "R") -> bytes:
    return chunk(b"IDAT", drawn((SIDE, SIDE), letters))


MIDDLE = (2, 2, 1, 1)
SECOND = control(1, *MIDDLE) + data(2, (2, 2), "G")
FILES = {
    "two frames": apng(2, control(0), still(), SECOND),
    "a still that is no frame": apng(
        2, still("Y"), control(0), data(1, (4, 4), "R"), control(2, *MIDDLE), data(3, (2, 2), "G")
    ),
    "a still, and a frame smaller than the canvas": apng(
        2, still("Y"), control(0, *MIDDLE), data(1, (2, 2), "R"), control(2, 2, 2, 2, 2, blend=1), data(3, (2, 2), "h")
    ),
    "a still, and one frame": apng(1, still("Y"), control(0), data(1, (4, 4), "R")),
    "fewer frames than it says": apng(5, control(0), still(), SECOND),
    "more frames than it says": apng(2, control(0), still(), SECOND, control(3, 1, 1, 0, 0), data(4, (1, 1), "B")),
    "a delay without a divisor": apng(2, control(0, delay=(7, 0)), still(), SECOND),
    "a frame in two parts": apng(
        2, control(0), still(), control(1, *MIDDLE), chunk(b"fdAT", struct.pack(">I", 2) + drawn((2, 2), "G")[:6]),
        chunk(b"fdAT", struct.pack(">I", 3) + drawn((2, 2), "G")[6:]),
    ),
    "a text between the frames": apng(2, control(0), still(), chunk(b"tEXt", b"a\0b"), SECOND),
    "a damaged text between the frames": apng(2, control(0), still(), chunk(b"tEXt", b"a\0b", checksum=1), SECOND),
    "more pixels than it has room for": apng(2, control(0), still(), control(1, *MIDDLE), data(2, (2, 4), "G")),
}  # fmt: skip
FILES |= {
    f"disposals {first} {second}, blends {'over' if blends[0] else 'source'} {'over' if blends[1] else 'source'}": apng(
        5, control(0, disposal=first), still("R.hY" * SIDE),
        control(1, *MIDDLE, disposal=first, blend=blends[0]), data(2, (2, 2), "G.hG"),
        control(3, 3, 3, 1, 1, disposal=second, blend=blends[1]), data(4, (3, 3), "h.Gh.Bh.G"),
        control(5, 1, 1, 3, 3), data(6, (1, 1), "h"), control(7, blend=1), data(8, (4, 4), "."),
    )
    for first, second, blends in itertools.product(range(3), range(3), itertools.product((0, 1), repeat=2))
}  # fmt: skip


def pixels_of(frames: list[Image.Image]) -> list[bytes]:
    """The pixels of each frame, what is transparent as black, and one of those that are equal."""
    cleaned = []
    for frame in frames:
        clean = Image.new("RGBA", frame.size)
        clean.paste(frame, mask=frame.getchannel("A").point(lambda level: 255 * (level > 0)))
        cleaned.append(clean.tobytes())
    return [frame for frame, _ in itertools.groupby(cleaned)]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("target", ["png", "webp"])
def test_frames_are_drawn_as_in_a_browser(tmp_path, browser, name, target):
    (tmp_path / "x.png").write_bytes(FILES[name])
    wanted = browser.decode(tmp_path / "x.png", "image/png")
    made = make(tmp_path / "x.png", PNG if target == "png" else LOSSLESS_WEBP, tmp_path / "out")
    found = browser.decode(made.paths[0], f"image/{target}")
    one, other = pixels_of(found.frames), pixels_of(wanted.frames)
    assert len(one) == len(other)
    for ours, theirs in zip(one, other, strict=True):
        assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) <= 2  # of half transparent colors
    assert sum(found.durations) in (0, pytest.approx(sum(wanted.durations)))


@pytest.mark.parametrize("plays", [0, 1, 3])
def test_it_plays_as_often(tmp_path, browser, plays):
    (tmp_path / "x.png").write_bytes(apng(2, control(0), still(), SECOND, plays=plays))
    (path,) = make(tmp_path / "x.png", PNG, tmp_path / "out").paths
    assert browser.decode(path, "image/png").plays == plays


BROKEN = {
    "a number is left out": apng(2, control(0), still(), control(5, *MIDDLE), data(6, (2, 2), "G")),
    "a number of pixels is left out": apng(2, control(0), still(), control(1, *MIDDLE), data(6, (2, 2), "G")),
    "a number twice": apng(3, control(0), still(), SECOND, control(2, 2, 2, 0, 0), data(3, (2, 2), "B")),
    "numbers in another order": apng(
        3, control(0), still(), control(3, *MIDDLE), data(4, (2, 2), "G"), control(1, *MIDDLE), data(2, (2, 2), "B")
    ),
    "numbers from 1": apng(2, control(1), still(), control(2, *MIDDLE), data(3, (2, 2), "G")),
    "a frame outside": apng(2, control(0), still(), control(1, 3, 3, 2, 2), data(2, (3, 3), "G")),
    "a frame of no size": apng(2, control(0), still(), control(1, 0, 0, 2, 2), data(2, (1, 1), "G")),
    "a frame of no pixels": apng(2, control(0), still(), control(1, *MIDDLE)),
    "no such disposal": apng(2, control(0), still(), control(1, *MIDDLE, disposal=7), data(2, (2, 2), "G")),
    "no such blend": apng(2, control(0), still(), control(1, *MIDDLE, blend=7), data(2, (2, 2), "G")),
    "pixels of no frame": apng(2, control(0), still(), data(1, (2, 2), "G")),
    "a first frame smaller than the still": apng(2, control(0, *MIDDLE), still(), SECOND),
    "a wrong checksum": apng(2, control(0), still(), control(1, *MIDDLE, checksum=1), data(2, (2, 2), "G")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_animation_with_errors_is_its_still_picture_and_the_job_says_so(tmp_path, name):
    (tmp_path / "x.png").write_bytes(BROKEN[name])
    made = make(tmp_path / "x.png", PNG, tmp_path / "out")
    assert getattr(made.image, "n_frames", 1) == 1
    assert pixels_of([made.image.convert("RGBA")]) == [bytes(COLORS["R"]) * SIDE**2]
    assert made.notes[-1] == "The still picture was kept: its animation is damaged."


@pytest.mark.parametrize("name", ["no control", "no frames", "control behind the pixels"])
def test_what_is_no_animation_is_its_still_picture(tmp_path, browser, name):
    rest, start = control(0) + still() + SECOND, START + header((SIDE, SIDE), RGBA)
    files = {
        "no control": start + rest + END,
        "no frames": apng(0, rest),
        "control behind the pixels": start + still() + chunk(b"acTL", b"\0\0\0\2\0\0\0\0") + END,
    }  # fmt: skip
    (tmp_path / "x.png").write_bytes(files[name])
    made = make(tmp_path / "x.png", PNG, tmp_path / "out").image
    assert pixels_of([made.convert("RGBA")]) == pixels_of(browser.decode(tmp_path / "x.png", "image/png").frames)


DAMAGED = {
    "its checksum": apng(2, control(0), still(), control(1, *MIDDLE), data(2, (2, 2), "G", checksum=1)),
    "its rows": apng(2, control(0), still(), control(1, *MIDDLE), data(2, (2, 1), "G")),
    "its end": apng(2, control(0), still(), SECOND)[: -len(END) - 10],
    "a whole frame": apng(3, control(0), still(), SECOND)[: -len(END)],
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_frame_whose_pixels_are_damaged_or_missing_is_damage(tmp_path, name):
    (tmp_path / "x.png").write_bytes(DAMAGED[name])
    assert failure(tmp_path / "x.png", PNG, tmp_path / "out")[0] is ErrorKind.UNREADABLE


@pytest.mark.parametrize(("color_type", "depth", "extra"), [
    (0, 8, b""), (0, 16, b""), (2, 16, b""), (4, 8, b""), (4, 16, b""), (6, 16, b""),
    (3, 8, chunk(b"PLTE", bytes(range(30)))),
    (0, 8, chunk(b"tRNS", b"\0\3")), (2, 8, chunk(b"tRNS", b"\0\1\0\1\0\1")), (0, 16, chunk(b"tRNS", b"\3\3")),
    (2, 16, chunk(b"tRNS", b"\3\3\3\3\3\3")),
    (3, 8, chunk(b"PLTE", bytes(range(30))) + chunk(b"tRNS", bytes([0, 128, 255]))),
])  # fmt: skip
def test_all_colors_and_depths_play_as_in_a_browser(tmp_path, browser, color_type, depth, extra):
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color_type] * depth // 8
    rows = [
        [bytes((x + y + start) % 8 for x in range(SIDE) for _ in range(channels)) for y in range(SIDE)]
        for start in (0, 3)
    ]
    parts = [
        START, header((SIDE, SIDE), color_type, depth), extra, chunk(b"acTL", struct.pack(">II", 2, 0)), control(0),
        chunk(b"IDAT", packed(rows[0])), control(1, blend=1),
        chunk(b"fdAT", struct.pack(">I", 2) + packed(rows[1])), END,
    ]  # fmt: skip
    (tmp_path / "x.png").write_bytes(b"".join(parts))
    wanted = browser.decode(tmp_path / "x.png", "image/png")
    made = make(tmp_path / "x.png", PNG, tmp_path / "out")
    assert made.notes == (("Its 16 bits a channel became 8.",) if depth == 16 else ())
    found = browser.decode(made.paths[0], "image/png")
    one, other = pixels_of(found.frames), pixels_of(wanted.frames)
    assert len(one) == len(other) == 2
    for ours, theirs in zip(one, other, strict=True):
        assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) <= 2

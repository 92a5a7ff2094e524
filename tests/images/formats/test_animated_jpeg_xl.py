"""Animations in JPEG XL: their frames, durations and plays as djxl and libjxl's own encoder have them.

Where nothing is there that reads them, the first frame or a word that it can't be read; never the last one.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fileq.errors import ErrorKind, JobError
from fileq.images.formats import optional_codecs
from fileq.images.formats.jpegxl import libjxl
from fileq.images.thumbnails import make_thumbnail
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.support.images import failure, make, photo, quarters, recipe
from tests.support.jpeg_xl import write_animation

needs_libjxl = pytest.mark.skipif(
    shutil.which("cjxl") is None or shutil.which("djxl") is None, reason="cjxl and djxl are not installed"
)
PNG = recipe(Output(name="o.png"))
OPTIMIZE = recipe(Output(format="same", lossless=True, min_saving=0.0), metadata="all")
SHRINK = recipe(Output(format="same", quality=80, min_saving=0.05))
FIRST_FRAME = "The first frame was kept: what reads animations in JPEG XL is not there."


def animation(folder: Path, mode: str, *options: str) -> Path:
    """Have libjxl make an animation of three frames that differ."""
    frames = [photo((60, 40)).rotate(turn).convert(mode) for turn in (0, 120, 180)]
    frames[0].save(folder / "x.png", save_all=True, append_images=frames[1:], duration=[100, 250, 70])
    subprocess.run(["cjxl", folder / "x.png", folder / "x.jxl", *options], check=True, capture_output=True)
    return folder / "x.jxl"


def frames_of(path: Path) -> list[np.ndarray]:
    """The pixels of all frames."""
    found = []
    with Image.open(path) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            found.append(np.asarray(image.convert("RGBA"), float))
    return found


def durations_of(path: Path) -> list[float]:
    """How long each frame stays, in ms."""
    with Image.open(path) as image:
        found = []
        for number in range(image.n_frames):  # type: ignore[attr-defined]  # of animations
            image.seek(number)
            image.load()
            found.append(image.info["duration"])
        return found


@needs_libjxl
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("options", [("-d", "0"), ("-d", "1"), ("-d", "0", "--container=1")], ids=" ".join)
def test_all_frames_are_what_djxl_decodes(tmp_path, mode, options):
    path = animation(tmp_path, mode, *options)
    subprocess.run(["djxl", path, tmp_path / "d.apng"], check=True, capture_output=True)
    made = make(path, PNG, tmp_path / "out")
    for frame, wanted in zip(frames_of(made.paths[0]), frames_of(tmp_path / "d.apng"), strict=True):
        assert np.abs(frame - wanted).max() <= 1
    assert durations_of(made.paths[0]) == [100, 250, 70]
    assert made.notes == ()


@pytest.mark.parametrize("format_", ["webp", "gif", "png"])
@pytest.mark.parametrize("loops", [0, 1, 3])
@pytest.mark.parametrize(
    ("ticks", "given"), [((1000, 1), (100, 250, 70)), ((30, 1), (3, 6, 30)), ((24000, 1001), (4, 8, 2))]
)
def test_it_plays_as_long_and_as_often(tmp_path, browser, format_, loops, ticks, given):
    frames = [quarters((64, 48)).rotate(turn) for turn in (0, 90, 180)]
    write_animation(tmp_path / "x.jxl", frames, given, loops=loops, ticks=ticks)
    (path,) = make(tmp_path / "x.jxl", recipe(Output(name=f"o.{format_}")), tmp_path / "out").paths
    wanted = [1000 * ticks[1] / ticks[0] * duration for duration in given]
    assert durations_of(path) == pytest.approx(wanted, abs=10 if format_ == "gif" else 1)
    assert browser.decode(path, f"image/{format_}").plays == loops


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("orientation", [1, 6])
def test_frames_of_any_depth_come_out_upright(tmp_path, mode, bits, orientation):
    frames = [quarters((64, 48)).rotate(turn).convert(mode) for turn in (0, 90, 180)]
    write_animation(tmp_path / "x.jxl", frames, [50] * 3, bits=bits, orientation=orientation)
    made = make(tmp_path / "x.jxl", PNG, tmp_path / "out")
    turned = frames if orientation == 1 else [frame.transpose(Image.Transpose.ROTATE_270) for frame in frames]
    for frame, wanted in zip(frames_of(made.paths[0]), turned, strict=True):
        assert (frame == np.asarray(wanted.convert("RGBA"), float)).all()
    assert made.notes == (() if bits == 8 else ("Its 16 bits a channel became 8.",))


def test_the_web_recipe_keeps_it_playing_and_small(tmp_path):
    write_animation(tmp_path / "x.jxl", [photo((400, 300)), photo((400, 300)).rotate(9)], [40, 60])
    output = Output(format="jpeg", animation_format="webp")
    made = make(tmp_path / "x.jxl", recipe(output, steps=(Resize(fit=Dimensions(100, 100)),)), tmp_path / "out")
    assert made.paths[0].suffix == ".webp"
    assert durations_of(made.paths[0]) == [40, 60]
    assert made.image.size == (100, 75)


def test_a_frame_that_stays_until_the_page_is_turned_stays_ten_seconds(tmp_path):
    write_animation(tmp_path / "x.jxl", [quarters((64, 48)), photo((64, 48))], [2**32 - 1] * 2)
    assert durations_of(make(tmp_path / "x.jxl", PNG, tmp_path / "out").paths[0]) == [10_000, 10_000]


def test_one_frame_is_a_still(tmp_path):
    write_animation(tmp_path / "x.jxl", [quarters((64, 48))], [50])
    made = make(tmp_path / "x.jxl", recipe(Output(name="o.jpg", format="jpeg")), tmp_path / "out")
    assert made.notes == ()


def test_it_is_damaged_where_frames_are_missing(tmp_path):
    write_animation(tmp_path / "x.jxl", [photo((64, 48)).rotate(turn) for turn in (0, 90, 180)], [50] * 3)
    whole = (tmp_path / "x.jxl").read_bytes()
    for share in (0.4, 0.7, 0.95):
        (tmp_path / "cut.jxl").write_bytes(whole[: round(len(whole) * share)])
        kind, _ = failure(tmp_path / "cut.jxl", PNG, tmp_path / "out")
        assert kind is ErrorKind.UNREADABLE


@pytest.mark.parametrize("wanted", [OPTIMIZE, SHRINK], ids=["optimize", "shrink"])
def test_one_that_stays_as_it_is_keeps_its_bytes(tmp_path, wanted):
    frames = [quarters((64, 48)), photo((64, 48))]
    write_animation(tmp_path / "x.jxl", frames, [50] * 2)
    made = make(tmp_path / "x.jxl", wanted, tmp_path / "out")
    assert made.paths[0].read_bytes() == (tmp_path / "x.jxl").read_bytes()
    kept = "It was kept as it is: an animation in JPEG XL can't be encoded here."
    assert made.notes == (() if wanted is OPTIMIZE else (kept,))


def test_what_can_not_be_written_is_said(tmp_path):
    write_animation(tmp_path / "x.jxl", [quarters((64, 48)), photo((64, 48))], [50] * 2)
    still = make(tmp_path / "x.jxl", recipe(Output(name="o.jxl", format="jxl")), tmp_path / "still")
    assert still.notes == ("The first of 2 frames was kept: animations in JPEG XL can't be encoded here.",)
    smaller = recipe(Output(), steps=(Resize(fit=Dimensions(32, 32)),))
    made = make(tmp_path / "x.jxl", smaller, tmp_path / "same")
    assert made.paths[0].suffix == ".webp"
    assert durations_of(made.paths[0]) == [50, 50]


def test_one_that_stays_as_it_is_says_nothing_of_frames_where_none_can_be_read(tmp_path, monkeypatch):
    write_animation(tmp_path / "x.jxl", [quarters((64, 48)), photo((64, 48))], [50] * 2)
    monkeypatch.setattr(libjxl, "load", lambda: None)
    for number in range(2):
        made = make(tmp_path / "x.jxl", OPTIMIZE, tmp_path / f"{number}")
        assert made.paths[0].read_bytes() == (tmp_path / "x.jxl").read_bytes()
        assert made.notes == ()
        monkeypatch.setattr(optional_codecs, "jpeg_xl_frames", lambda: None)


def test_the_first_frame_is_taken_where_libjxl_can_not_be_called(tmp_path, monkeypatch):
    frames = [quarters((64, 48)), photo((64, 48))]
    write_animation(tmp_path / "x.jxl", frames, [50] * 2)
    monkeypatch.setattr(libjxl, "load", lambda: None)
    made = make(tmp_path / "x.jxl", PNG, tmp_path / "out")
    assert made.image.convert("RGB").tobytes() == frames[0].tobytes()
    assert made.notes == (FIRST_FRAME,)


def test_no_other_frame_is_taken_where_the_first_can_not_be_read(tmp_path, monkeypatch):
    write_animation(tmp_path / "x.jxl", [quarters((64, 48)), photo((64, 48))], [50] * 2)
    monkeypatch.setattr(libjxl, "load", lambda: None)
    monkeypatch.setattr(optional_codecs, "jpeg_xl_frames", lambda: None)
    kind, message = failure(tmp_path / "x.jxl", PNG, tmp_path / "out")
    assert kind is ErrorKind.UNSUPPORTED
    assert "animation in JPEG XL" in message
    with pytest.raises(JobError, match="animation in JPEG XL"):
        make_thumbnail(str(tmp_path / "x.jxl"), 32, 10**6)

"""Animations in JPEG XL: their first frame, as djxl decodes it, or a word that it can't be read; never the last one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fileq.errors import ErrorKind, JobError
from fileq.images.formats import optional_codecs
from fileq.images.thumbnails import make_thumbnail
from fileq.recipes.recipe import Output
from tests.support.images import failure, make, photo, recipe

needs_libjxl = pytest.mark.skipif(
    shutil.which("cjxl") is None or shutil.which("djxl") is None, reason="cjxl and djxl are not installed"
)
PNG = recipe(Output(name="o.png"))
OPTIMIZE = recipe(Output(format="same", lossless=True, min_saving=0.0), metadata="all")


def animation(folder: Path, mode: str, *options: str) -> Path:
    """Have libjxl make an animation of three frames that differ."""
    frames = [photo((60, 40)).rotate(turn).convert(mode) for turn in (0, 120, 180)]
    frames[0].save(folder / "x.png", save_all=True, append_images=frames[1:], duration=100)
    subprocess.run(["cjxl", folder / "x.png", folder / "x.jxl", *options], check=True, capture_output=True)
    return folder / "x.jxl"


@needs_libjxl
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("options", [("-d", "0"), ("-d", "1"), ("-d", "0", "--container=1")], ids=" ".join)
def test_the_first_frame_is_what_djxl_decodes_first(tmp_path, mode, options):
    path = animation(tmp_path, mode, *options)
    subprocess.run(["djxl", path, tmp_path / "d.apng"], check=True, capture_output=True)
    made = make(path, PNG, tmp_path / "out")
    with Image.open(tmp_path / "d.apng") as judged:
        wanted = np.asarray(judged.convert("RGBA"), float)
    assert np.abs(np.asarray(made.image.convert("RGBA"), float) - wanted).max() <= 1
    assert made.notes == ("The first frame was kept: animations in JPEG XL can't be read yet.",)


@needs_libjxl
def test_one_that_stays_as_it_is_says_nothing_of_frames(tmp_path, monkeypatch):
    path = animation(tmp_path, "RGB", "-d", "0")
    for number in range(2):
        made = make(path, OPTIMIZE, tmp_path / f"{number}")
        assert made.paths[0].read_bytes() == path.read_bytes()
        assert made.notes == ()
        monkeypatch.setattr(optional_codecs, "jpeg_xl_frames", lambda: None)


@needs_libjxl
def test_no_other_frame_is_taken_where_the_first_can_not_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr(optional_codecs, "jpeg_xl_frames", lambda: None)
    path = animation(tmp_path, "RGB", "-d", "0")
    kind, message = failure(path, PNG, tmp_path / "out")
    assert kind is ErrorKind.UNSUPPORTED
    assert "animation in JPEG XL" in message
    with pytest.raises(JobError, match="animation in JPEG XL"):
        make_thumbnail(str(path), 32, 10**6)

"""`optimize` leaves out of each frame of a GIF what the canvas shows already, and every frame looks as before."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageDraw

from fileq.recipes.recipe import Output
from tests.images.lossless.test_never_larger import frames_of
from tests.support.images import make, photo, recipe

if TYPE_CHECKING:
    from pathlib import Path

OPTIMIZE = Output(format="same", lossless=True, min_saving=0.0)
SIZE = (160, 120)


def frame(number: int, background: Image.Image) -> Image.Image:
    image = background.copy()
    ImageDraw.Draw(image).ellipse((10 * number, 30, 10 * number + 25, 55), fill="yellow")
    return image


def of_few_colors() -> Image.Image:
    return photo(SIZE).quantize(60).convert("RGB")


def whole_frames(path: Path, dispose: str, background: Image.Image, *colors: str) -> Path:
    """A GIF each of whose frames has all of the canvas, by ImageMagick: Pillow leaves out what is the same."""
    frames: list[Path] = []
    for number in range(6):
        frames.append(path.with_name(f"{number}.png"))
        frame(number, background).save(frames[-1])
    command = ["convert", "-dispose", dispose, "-delay", "10", *map(str, frames), *colors, "-loop", "0", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


def coalesced(path: Path) -> bytes:
    """The pixels of all frames as ImageMagick shows them; what is transparent has no colour."""
    command = ["convert", str(path), "-coalesce", "-background", "none", "-alpha", "background", "RGBA:-"]
    return subprocess.run(command, check=True, capture_output=True).stdout


@pytest.mark.parametrize("dispose", ["None", "Background", "Previous"])
@pytest.mark.parametrize("colors", [(), ("-colors", "60"), ("+map",)], ids=["own", "few", "shared"])
@pytest.mark.parametrize("is_clear", [True, False])
def test_all_frames_look_the_same_to_pillow_and_imagemagick(tmp_path, dispose, colors, is_clear):
    background: Any = Image.new("RGBA", SIZE, (0, 0, 0, 0)) if is_clear else of_few_colors()
    source = whole_frames(tmp_path / "x.gif", dispose, background, *colors)
    made = make(source, recipe(OPTIMIZE), tmp_path / "out", marks_outputs=False).paths[0]
    assert made.stat().st_size <= source.stat().st_size
    assert list(frames_of(made.read_bytes())) == list(frames_of(source.read_bytes()))
    assert coalesced(made) == coalesced(source)


def test_what_stays_the_same_takes_no_bytes(tmp_path):
    source = whole_frames(tmp_path / "x.gif", "None", of_few_colors())
    made = make(source, recipe(OPTIMIZE), tmp_path / "out").paths[0]
    assert made.stat().st_size < source.stat().st_size / 3


def test_a_frame_that_changes_nothing_stays_a_frame(tmp_path):
    still = photo(SIZE).quantize(32)
    still.save(tmp_path / "0.gif")
    command = ["convert", "-delay", "10", *[str(tmp_path / "0.gif")] * 3, "-loop", "0", str(tmp_path / "x.gif")]
    subprocess.run(command, check=True, capture_output=True)
    made = make(tmp_path / "x.gif", recipe(OPTIMIZE), tmp_path / "out").paths[0]
    with Image.open(made) as image:
        assert image.n_frames == 3  # type: ignore[attr-defined]
    assert list(frames_of(made.read_bytes())) == list(frames_of((tmp_path / "x.gif").read_bytes()))

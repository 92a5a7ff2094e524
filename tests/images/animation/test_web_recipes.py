"""Animations stay animations in the recipes for the web: `web` and `thumbnail`, opaque ones too."""

from __future__ import annotations

import subprocess
from typing import Any

import msgspec
import pytest
from PIL import Image, ImageDraw

from fileq.config import built_in_recipes
from fileq.recipes.recipe import Output
from tests.support.images import make, recipe
from tests.support.judges import needs_vips

DURATIONS = [40, 250, 100, 70]


def animation(path, *, opaque: bool, size: tuple[int, int] = (640, 400)) -> None:
    """A bar that grows, and plays three times."""
    frames = []
    for number in range(len(DURATIONS)):
        frame = Image.new("RGBA", size, (255, 255, 255, 255 if opaque else 0))
        ImageDraw.Draw(frame).rectangle((0, 100, 100 + 100 * number, 300), fill=(200, 0, 90 * number % 256, 255))
        frames.append(frame.convert("RGB") if opaque else frame)
    own: dict[str, dict[str, Any]] = {".gif": {"disposal": 2, "loop": 2}, ".webp": {"lossless": True}}
    more = {"loop": 3} | own.get(path.suffix, {})
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=DURATIONS, **more)


def vips_header(path) -> dict[str, str]:
    told = subprocess.run(["vipsheader", "-a", f"{path}[n=-1]"], check=True, capture_output=True, text=True).stdout
    return dict(line.split(": ", 1) for line in told.splitlines() if ": " in line)


@needs_vips
@pytest.mark.parametrize("opaque", [True, False])
@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
@pytest.mark.parametrize(("name", "size"), [("web", (640, 400)), ("thumbnail", (300, 188))])
def test_an_animation_stays_one_with_its_times_and_plays_as_libvips_sees_it(tmp_path, opaque, ending, name, size):
    animation(tmp_path / f"x.{ending}", opaque=opaque)
    made = make(tmp_path / f"x.{ending}", built_in_recipes()[name], tmp_path / "out")
    assert made.planned[0].format == "webp"
    assert made.notes == ()
    header = vips_header(made.paths[0])
    assert header["n-pages"] == "4"
    assert header["delay"].split() == [str(duration) for duration in DURATIONS]
    assert header["loop"] == "3"
    assert (int(header["width"]), int(header["page-height"])) == size


def test_a_still_is_made_of_an_animation_where_that_is_asked_for_and_nothing_is_said(tmp_path):
    animation(tmp_path / "x.gif", opaque=True)
    web = built_in_recipes()["web"]
    outputs = tuple(msgspec.structs.replace(output, still=True) for output in web.outputs)
    made = make(tmp_path / "x.gif", msgspec.structs.replace(web, outputs=outputs), tmp_path / "out")
    assert (made.planned[0].format, made.notes) == ("jpeg", ())
    made = make(tmp_path / "x.gif", recipe(Output(name="o.webp", still=True)), tmp_path / "out")
    assert getattr(made.image, "n_frames", 1) == 1
    assert made.notes == ()


def test_what_does_not_play_takes_no_notice_of_the_format_for_animations(tmp_path):
    Image.new("RGB", (40, 30), "red").save(tmp_path / "x.gif")
    made = make(tmp_path / "x.gif", recipe(Output(format="jpeg", animation_format="webp")), tmp_path / "out")
    assert made.planned[0].format == "jpeg"


def test_frames_of_few_colours_take_few_bytes_in_webp(tmp_path):
    animation(tmp_path / "x.gif", opaque=True)
    made = make(tmp_path / "x.gif", recipe(Output(name="o.webp")), tmp_path / "out")
    assert made.paths[0].stat().st_size < 1500

"""How often an animation plays, out of each format into each: against Chromium; and how long a frame may stay."""

from __future__ import annotations

import pytest
from PIL import Image

from fileq.images.formats import avif
from fileq.recipes.recipe import Output
from tests.support.images import make, recipe
from tests.support.jpeg_xl import write_animation

FORMATS = ["gif", "webp", "png", "avif"]


def write(path, plays: int, *, opaque: bool) -> None:
    """An animation of three frames that plays so often, 0 for ever."""
    frames = [Image.new("RGBA", (64, 48), (*color, 255 if opaque else 0)) for color in ((255, 0, 0), (0, 0, 255))]
    frames.append(Image.new("RGBA", (64, 48), (0, 255, 0, 255)))
    loop = {"loop": plays} if path.suffix != ".gif" else {"loop": max(0, plays - 1)} if plays != 1 else {}
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=80, **loop)  # type: ignore[arg-type]  # any
    if path.suffix == ".avif" and plays:
        with path.open("r+b") as file:
            avif.write_play_count(file, plays)


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("plays", [0, 1, 2, 7])
@pytest.mark.parametrize("opaque", [True, False])
def test_it_plays_as_often_in_every_format(tmp_path, browser, source, target, plays, opaque):
    write(tmp_path / f"x.{source}", plays, opaque=opaque)
    assert browser.decode(tmp_path / f"x.{source}", f"image/{source}").plays == plays
    (path,) = make(tmp_path / f"x.{source}", recipe(Output(name=f"o.{target}")), tmp_path / "out").paths
    assert browser.decode(path, f"image/{target}").plays == plays


@pytest.mark.parametrize(
    ("target", "longest"), [("gif", 655_350), ("webp", 2**24 - 1), ("png", 65_535_000), ("avif", 100_000_000)]
)
def test_a_frame_stays_no_longer_than_a_format_can_say(tmp_path, target, longest):
    frames = [Image.new("RGB", (64, 48), color) for color in ("red", "blue", "lime")]
    write_animation(tmp_path / "x.jxl", frames, [10**8, 50, 70])
    (path,) = make(tmp_path / "x.jxl", recipe(Output(name=f"o.{target}")), tmp_path / "out").paths
    with Image.open(path) as image:
        stays = []
        for number in range(3):
            image.seek(number)
            image.load()
            stays.append(image.info["duration"])
    assert stays == [longest, 50, 70]

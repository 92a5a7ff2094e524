"""How often an animation plays, out of each format into each: against Chromium."""

from __future__ import annotations

import pytest
from PIL import Image

from fileq.images.formats import avif
from fileq.recipes.recipe import Output
from tests.support.images import make, recipe

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

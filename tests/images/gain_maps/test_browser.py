"""What Chromium shows of outputs with gain maps on a screen that is no HDR screen: the picture itself."""

from __future__ import annotations

import pytest

from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from tests.images.gain_maps import judging
from tests.support.images import make, recipe
from tests.support.judges import psnr


@pytest.mark.parametrize("format_", ["jpeg", "avif"])
def test_chromium_shows_the_picture_as_it_would_without_the_map(tmp_path, browser, format_):
    source = judging.source(tmp_path / "x.jpg")
    pictures = []
    for policy in ("keep", "drop"):
        output = Output(format=format_, quality=90, steps=(Resize(scale=0.5),))
        made = make(source, recipe(output, hdr=policy), tmp_path / policy)
        shown = browser.decode(made.paths[0], f"image/{format_}")
        assert shown is not None
        assert browser.size(made.paths[0], f"image/{format_}") == (120, 80)
        pictures.append(shown.frames[0].convert("RGB"))
    assert psnr(*pictures) > 60

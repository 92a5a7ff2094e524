"""What a gain map and tone mapping take is estimated, too."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest

from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.images.gain_maps import ultra_hdr
from tests.images.test_memory import SIZE, check_estimate, measure, measured, noise


@measured
@pytest.mark.parametrize("format_", ["jpeg", "avif"])
@pytest.mark.parametrize(("mode", "scale"), [("RGB", 1), ("L", 4)], ids=["as large as its picture", "as phones do it"])
def test_a_gain_map_takes_no_more_than_is_estimated(tmp_path, format_, mode, scale):
    map_image = noise(mode).resize((SIZE[0] // scale, SIZE[1] // scale))
    source = ultra_hdr.write(tmp_path / "x.jpg", noise("RGB"), map_image, channels=3 if mode == "RGB" else 1)
    output = Output(name=f"o.{format_}", format=format_)
    check_estimate(*measure(source, tmp_path / "small", output, steps=(Resize(fit=Dimensions(800, 800)),)))
    check_estimate(*measure(source, tmp_path / "out", output, steps=(Crop(box=(1, 1, 2990, 1990)),)))


@measured
@pytest.mark.parametrize("transfer", [16, 18])
def test_tone_mapping_takes_no_more_than_is_estimated(tmp_path, transfer):
    numbers = (np.asarray(noise("RGB")).astype(np.uint16) * 3).copy()
    content = imagecodecs.avif_encode(
        numbers, bitspersample=10, speed=10, pixelformat="yuv420", primaries=9, transfer=transfer, matrix=9
    )
    (tmp_path / "x.avif").write_bytes(content)
    jpeg = Output(name="{stem}.jpg", format="jpeg")
    check_estimate(*measure(tmp_path / "x.avif", tmp_path / "whole", jpeg, hdr="tonemap"))
    small = (Resize(fit=Dimensions(800, 800)),)
    check_estimate(*measure(tmp_path / "x.avif", tmp_path / "small", jpeg, steps=small, hdr="tonemap"))

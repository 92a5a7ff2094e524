"""Each step on a picture with a gain map: the map goes the same way, and nothing that is drawn glows."""

from __future__ import annotations

import pytest

from fileq.operations.base import Operation
from fileq.operations.builtin.adjust import Adjust
from fileq.operations.builtin.border import Border
from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.flip import Flip
from fileq.operations.builtin.pad import Pad
from fileq.operations.builtin.resize import Resize
from fileq.operations.builtin.rotate import Rotate
from fileq.operations.builtin.sharpen import Sharpen
from fileq.operations.builtin.watermark import Watermark
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.images.gain_maps import judging, parser
from tests.support.images import level_of, make, recipe

STEPS = [
    (Resize(fit=Dimensions(120, None)),),
    (Resize(fill=Dimensions(100, 100), gravity="west"),),
    (Resize(exact=Dimensions(90, 150)),),
    (Resize(scale=1.5),),
    (Crop(box=(30, 10, 201, 133)),),
    (Crop(aspect="1:1", gravity="northwest"),),
    (Crop(box=(31, 17, 190, 119)), Resize(fit=Dimensions(77, 77))),
    (Flip(),),
    (Flip(direction="vertical"), Resize(scale=0.7)),
    (Rotate(degrees=90),),
    (Rotate(degrees=180),),
    (Rotate(degrees=-90), Crop(box=(0, 100, 100, 240))),
    (Rotate(degrees=90, expand=False, color="white"),),
    (Rotate(degrees=17, color="white"),),
    (Rotate(degrees=200, expand=False, color="#204080"), Flip()),
    (Pad(canvas=Dimensions(300, 300), color="white"),),
    (Pad(canvas=Dimensions(100, 130), color="black", gravity="south"),),
    (Border(width=21, color="white"),),
    (Crop(trim=True),),
    (Adjust(brightness=1.1), Sharpen(), Rotate(degrees=270), Resize(fit=Dimensions(60, 60))),
]


@pytest.mark.parametrize("steps", STEPS, ids=lambda steps: "-".join(type(step).__name__.lower() for step in steps))
def test_the_map_goes_where_its_picture_goes(tmp_path, steps):
    source = judging.source(tmp_path / "x.jpg")
    made = make(source, recipe(Output(format="jpeg", quality=95), steps=steps), tmp_path / "out")
    map_image = parser.parse(made.paths[0]).map_image
    assert made.notes == ()
    assert judging.share_astray(made.image, map_image) < 0.02
    assert judging.share_bright(map_image) > 0.03
    ratio = made.image.width / made.image.height
    assert map_image.width / map_image.height == pytest.approx(ratio, rel=0.06)


def test_a_watermark_does_not_glow(tmp_path):
    source = judging.source(tmp_path / "x.jpg", (480, 320), scale=2)
    mark = Watermark(text="M", gravity="northwest", share=0.4, opacity=1.0, margin=0, color="black")
    made = make(source, recipe(Output(format="jpeg", quality=95), steps=(mark,)), tmp_path / "out")
    map_image = parser.parse(made.paths[0]).map_image.convert("L")
    gray = made.image.convert("L")
    dark = [(x, y) for x in range(240) for y in range(160) if level_of(gray, (x, y)) < 20]
    assert len(dark) > 2000
    glowing = sum(level_of(map_image, (x // 2, y // 2)) > 64 for x, y in dark)
    assert glowing / len(dark) < 0.05
    assert judging.share_bright(map_image) > 0.12


class Warp(Operation, frozen=True):
    """A step of a plug-in, which may do anything."""

    def apply(self, image):
        return image.copy()


def test_a_step_that_nobody_knows_leaves_the_map_out_and_the_job_says_so(tmp_path):
    source = judging.source(tmp_path / "x.jpg")
    made = make(source, recipe(Output(format="jpeg"), steps=(Warp(),)), tmp_path / "out")
    assert "can't follow all steps" in made.notes[0]

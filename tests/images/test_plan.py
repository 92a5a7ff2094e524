"""What is planned from a header is what is made, for all sizes, orientations and steps."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from fileq.errors import ErrorKind, JobError
from fileq.operations.builtin.border import Border
from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.flip import Flip
from fileq.operations.builtin.pad import Pad
from fileq.operations.builtin.resize import Resize
from fileq.operations.builtin.rotate import Rotate
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.support.images import make, recipe

side = st.integers(1, 150)
dimensions = st.builds(Dimensions, side, side)
gravity = st.sampled_from(["center", "northwest", "east", "south"])
step = st.one_of(
    st.builds(Resize, fit=dimensions, enlarge=st.sampled_from([None, True, False])),
    st.builds(Resize, fill=dimensions, gravity=gravity, enlarge=st.sampled_from([None, True, False])),
    st.builds(Resize, exact=dimensions),
    st.builds(Resize, scale=st.floats(0.01, 3)),
    st.builds(Crop, aspect=st.sampled_from(["1:1", "16:9", "2:3"])),
    st.builds(Crop, aspect=st.sampled_from(["1:1", "3:1"]), smart=st.just(True)),
    st.builds(Crop, box=st.tuples(st.just(0), st.just(0), side, side)),
    st.builds(Crop, trim=st.just(True)),
    st.builds(Pad, canvas=dimensions, color=st.sampled_from(["white", "transparent"])),
    st.builds(Border, width=st.integers(1, 9)),
    st.builds(Rotate, degrees=st.sampled_from([0, 90, 180, -90, 33.3]), expand=st.booleans()),
    st.builds(Flip),
)
steps = st.lists(step, max_size=2).map(tuple)
outputs = st.lists(steps, min_size=1, max_size=3)


@settings(max_examples=150, deadline=None)
@given(
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    orientation=st.integers(1, 8),
    common=steps,
    own=outputs,
    ending=st.sampled_from(["jpg", "png"]),
)
def test_planned_sizes_are_made(size, orientation, common, own, ending):
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"x.{ending}"
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.new("RGB", size, "red").save(source, exif=exif)
        wanted = [Output(name=f"{at}.png", steps=each) for at, each in enumerate(own)]
        made = make(source, recipe(*wanted, steps=common), Path(folder) / "out")
        assert [image.size for image in made.images()] == [(plan.width, plan.height) for plan in made.planned]
        assert [(one.width, one.height) for one in made.encoded] == [image.size for image in made.images()]


MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"]
long = st.integers(1, 20_000)


def of_mode(mode: str, size: tuple[int, int]) -> Image.Image:
    ramp = Image.linear_gradient("L").resize(size)
    if mode in {"PA", "I;16", "LAB"}:
        ramp = ramp.convert({"PA": "P", "I;16": "I", "LAB": "RGB"}[mode])
        return Image.new("LAB", size, (128, 9, 9)) if mode == "LAB" else ramp.convert(mode)
    return ramp.convert(mode)


@settings(max_examples=60, deadline=None)
@given(
    size=st.one_of(st.tuples(long, st.just(1)), st.tuples(st.just(1), long), st.tuples(side, side)),
    mode=st.sampled_from(MODES),
    common=steps,
    ending=st.sampled_from(["png", "jpg", "webp", "gif", "tif", "avif"]),
)
def test_the_thinnest_pictures_of_every_mode_are_made_in_their_planned_size(size, mode, common, ending):
    assume(max(size) < 2000 or not any(isinstance(step, Rotate) and step.degrees % 90 for step in common))
    with tempfile.TemporaryDirectory() as folder:  # (a long line that lies askew has 50 million pixels around it)
        source = Path(folder) / "x.tif"
        of_mode(mode, size).save(source)
        wanted = recipe(Output(name=f"{{width}}x{{height}}.{ending}"), steps=common)
        try:
            made = make(source, wanted, Path(folder) / "out")
        except JobError as error:
            assert error.kind == ErrorKind.UNSUPPORTED  # noqa: PT017  # WebP has at most 16,383 pixels a side
            return
        assert made.paths[0].stem == "{}x{}".format(*made.image.size)

"""What is planned from a header is what is made, for all sizes, orientations and steps."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fileq.operations.crop import Crop
from fileq.operations.flip import Flip
from fileq.operations.pad import Pad
from fileq.operations.resize import Resize
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.pictures.making import make, recipe

side = st.integers(1, 150)
dimensions = st.builds(Dimensions, side, side)
gravity = st.sampled_from(["center", "northwest", "east", "south"])
step = st.one_of(
    st.builds(Resize, fit=dimensions, enlarge=st.sampled_from([None, True, False])),
    st.builds(Resize, fill=dimensions, gravity=gravity, enlarge=st.sampled_from([None, True, False])),
    st.builds(Resize, exact=dimensions),
    st.builds(Resize, scale=st.floats(0.01, 3)),
    st.builds(Crop, aspect=st.sampled_from(["1:1", "16:9", "2:3"])),
    st.builds(Pad, canvas=dimensions),
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

"""For every operation: the computed size is the size of the result, on every size and mode, and nothing is changed."""

from collections.abc import Iterator
from typing import get_args

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from fileq.errors import JobError
from fileq.operations.base import Operation
from fileq.operations.builtin.adjust import Adjust
from fileq.operations.builtin.border import Border
from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.flip import Flip
from fileq.operations.builtin.grayscale import Grayscale
from fileq.operations.builtin.pad import Pad
from fileq.operations.builtin.resize import Resize
from fileq.operations.builtin.rotate import Rotate
from fileq.operations.builtin.sharpen import Sharpen
from fileq.operations.builtin.watermark import Watermark
from fileq.operations.gravity import Gravity
from fileq.units import Dimensions, Size

MODES = ("L", "LA", "RGB", "RGBA", "I;16")

sides = st.integers(1, 400)
gravities = st.sampled_from(get_args(Gravity))
colors = st.sampled_from(["white", "transparent", "#f00", "#12345678"])
both_sides = st.builds(Dimensions, sides, sides)
dimensions = both_sides | st.builds(Dimensions, sides, st.none()) | st.builds(Dimensions, st.none(), sides)
sizes = (
    st.builds(Size, st.integers(1, 60), st.integers(1, 60))
    | st.builds(Size, st.integers(1, 20_000), st.just(1))
    | st.builds(Size, st.just(1), st.integers(1, 20_000))
)

resizes = (
    st.builds(Resize, fit=dimensions, enlarge=st.booleans() | st.none())
    | st.builds(Resize, fill=both_sides, gravity=gravities, enlarge=st.booleans())
    | st.builds(Resize, exact=dimensions)
    | st.builds(Resize, scale=st.floats(0.001, 3))
)
aspects = st.builds("{}:{}".format, st.integers(1, 30), st.integers(1, 30))
crops = (
    st.builds(Crop, aspect=aspects, gravity=gravities)
    | st.builds(Crop, aspect=aspects, smart=st.just(True))
    | st.builds(Crop, trim=st.just(True), tolerance=st.integers(0, 255))
    | st.builds(lambda x, y, w, h: Crop(box=(x, y, x + w, y + h)), st.integers(0, 70), st.integers(0, 70), sides, sides)
)
others = (
    st.builds(Pad, canvas=dimensions, color=colors, gravity=gravities)
    | st.builds(Border, width=st.integers(1, 20), color=colors)
    | st.builds(Rotate, degrees=st.integers(-4, 4).map(lambda turns: 90 * turns), expand=st.booleans())
    | st.builds(Rotate, degrees=st.floats(-360, 360), expand=st.booleans(), color=colors)
    | st.builds(Flip, direction=st.sampled_from(["horizontal", "vertical"]))
    | st.just(Grayscale())
    | st.builds(Sharpen, radius=st.floats(0.1, 20), amount=st.integers(1, 500), threshold=st.integers(0, 255))
    | st.builds(Adjust, brightness=st.floats(0, 0.9), contrast=st.floats(0, 10), saturation=st.floats(0, 10))
    | st.builds(
        Watermark,
        text=st.sampled_from(["©", "Ann Smith", "two\nlines", " . "]),
        share=st.floats(0.01, 1),
        margin=st.floats(0, 0.4),
        gravity=gravities,
        tiled=st.booleans(),
        color=colors,
    )
)


PATTERN = bytes(i * 37 % 251 for i in range(251))


def picture(mode: str, size: Size) -> Image.Image:
    """Something that differs from pixel to pixel, in the alpha channel too."""
    bands = len(Image.new(mode, (1, 1)).getbands()) * (2 if mode == "I;16" else 1)
    count = size.width * size.height * bands
    return Image.frombytes(mode, size, (PATTERN * (count // len(PATTERN) + 1))[:count])


def in_modes_of(operation: Operation) -> Iterator[str]:
    return (mode for mode in MODES if mode != "I;16" or operation.keeps_16_bit)


@settings(deadline=None, max_examples=200)
@given(resizes | crops | others, sizes, st.sampled_from(MODES))
def test_the_computed_size_is_the_size_of_the_result(operation: Operation, size: Size, mode: str) -> None:
    assume(mode in in_modes_of(operation))
    image = picture(mode, size)
    before = image.tobytes()
    try:
        settled = operation.settled(image)
        result = settled.apply(image)
    except JobError:
        with pytest.raises(JobError):
            operation.size(size)
        return
    assert result.size == settled.size(size)
    assert min(result.size) >= 1
    assert result.mode in MODES
    assert image.tobytes() == before
    assert (image.mode, image.size) == (mode, size)


@settings(deadline=None)
@given(resizes | crops | others, sizes)
def test_a_settled_operation_stays_as_it_is(operation: Operation, size: Size) -> None:
    image = picture("RGB", size)
    try:
        settled = operation.settled(image)
    except JobError:
        return
    assert settled.settled(image) == settled


@settings(deadline=None)
@given(resizes, st.builds(Size, st.integers(1, 20_000), st.integers(1, 20_000)))
def test_a_region_lies_in_the_picture_and_has_the_proportions_of_the_result(resize: Resize, size: Size) -> None:
    left, top, right, bottom = resize.region(size)
    assert 0 <= left < right <= size.width
    assert 0 <= top < bottom <= size.height
    if resize.fill is not None:
        width, height = resize.size(size)
        assert (right - left) * height == pytest.approx((bottom - top) * width)


@settings(deadline=None)
@given(dimensions, st.builds(Size, st.integers(1, 20_000), st.integers(1, 20_000)))
def test_fit_stays_within_its_dimensions_and_meets_one_of_them(wanted: Dimensions, size: Size) -> None:
    width, height = Resize(fit=wanted, enlarge=True).size(size)
    assert wanted.width is None or width <= wanted.width
    assert wanted.height is None or height <= wanted.height
    assert width == wanted.width or height == wanted.height


@settings(deadline=None)
@given(resizes, sizes)
def test_fit_and_fill_never_enlarge_unless_told(resize: Resize, size: Size) -> None:
    assume((resize.fit or resize.fill) and not resize.enlarge)
    width, height = resize.size(size)
    assert width <= size.width
    assert height <= size.height


@settings(deadline=None)
@given(st.floats(-360, 360), st.builds(Size, st.integers(1, 500), st.integers(1, 500)))
def test_an_expanding_rotation_is_never_smaller_than_the_turned_picture(degrees: float, size: Size) -> None:
    width, height = Rotate(degrees=degrees).size(size)
    assert width + height >= size.width / 2**0.5 + size.height / 2**0.5
    assert max(width, height) <= (size.width**2 + size.height**2) ** 0.5 + 1

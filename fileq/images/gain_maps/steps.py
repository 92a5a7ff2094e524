"""The steps of a recipe on a gain map: it goes the way of its picture, at its own scale.

What moves a picture moves the map. What is drawn over it, or around it, is not to glow: there the map says that nothing
gets brighter. What changes colours changes both renditions alike, and leaves the map as it is. Of a plug-in's step
nobody knows which it is: the map can't follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from fileq.images.gain_maps.gain_map import RenderedGainMap
from fileq.images.geometry import Scaling
from fileq.operations.builtin.adjust import Adjust
from fileq.operations.builtin.border import Border
from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.flip import Flip
from fileq.operations.builtin.grayscale import Grayscale
from fileq.operations.builtin.pad import Pad
from fileq.operations.builtin.resize import Region, Resize
from fileq.operations.builtin.rotate import Rotate
from fileq.operations.builtin.sharpen import Sharpen
from fileq.operations.builtin.watermark import Watermark
from fileq.units import Size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fileq.images.gain_maps.parameters import GainMapParameters
    from fileq.operations.base import Operation

_COLOR_STEPS = (Adjust, Sharpen)


class StepNotFollowedError(Exception):
    """A step that a gain map can't follow."""


def follow_steps(gain_map: RenderedGainMap, steps: Iterable[Operation], size: Size) -> RenderedGainMap:
    """Return the gain map of a picture of `size` pixels as it belongs to the picture after these settled steps.

    Raises StepNotFollowedError.
    """
    follower = _Follower(gain_map, size)
    for step in steps:
        follower.follow(step)
    return RenderedGainMap(image=follower.image, parameters=gain_map.parameters, icc=gain_map.icc)


class _Follower:
    """The map so far, and the size of the picture that it belongs to."""

    def __init__(self, gain_map: RenderedGainMap, size: Size) -> None:
        self.image = gain_map.image
        self._size = size
        self._scale = (self.image.width / size.width, self.image.height / size.height)
        self._parameters = gain_map.parameters

    def follow(self, step: Operation) -> None:
        after = step.size(self._size)
        if isinstance(step, Resize):
            self._take(step.region(self._size), after)
        elif isinstance(step, Crop):
            self._take(tuple(map(float, step.box_in(self._size))), after)  # type: ignore[arg-type]  # of four
        elif isinstance(step, Flip):
            self.image = step.apply(self.image)
        elif isinstance(step, Rotate):
            self._rotate(step, after)
        elif isinstance(step, Pad):
            inner = step.inner_size(self._size)
            self._take((0.0, 0.0, *self._size), inner)
            self._surround(inner, after, step.place(inner, after))
        elif isinstance(step, Border):
            self._surround(self._size, after, (step.width, step.width))
        elif isinstance(step, Watermark):
            self._cover(step.coverage(self._size))
        elif isinstance(step, Grayscale):
            self._forget_colors()
        elif not isinstance(step, _COLOR_STEPS):
            raise StepNotFollowedError
        self._size = after

    @property
    def _neutral(self) -> tuple[int, ...]:
        return neutral_pixel(self.image, self._parameters)

    def _scaled(self, size: Size) -> Size:
        return Size(max(1, round(size.width * self._scale[0])), max(1, round(size.height * self._scale[1])))

    def _take(self, region: Region, after: Size) -> None:
        """Keep what lies in this region of the picture, which becomes `after` pixels large."""
        self.image = Scaling(self._size, self._scaled(after), region).apply(self.image)

    def _rotate(self, step: Rotate, after: Size) -> None:
        if step.only_turns:
            self.image = step.apply(self.image)
            self._scale = self._scale if after == self._size else self._scale[::-1]
            return
        target = self._scaled(after)
        a, b, left, c, d, top = step.matrix(after, self._size)
        x, y = after.width / target.width, after.height / target.height  # from the map to the picture, after the step
        across, down = self.image.width / self._size.width, self.image.height / self._size.height  # and back, before it
        matrix = (a * x * across, b * y * across, left * across, c * x * down, d * y * down, top * down)
        self.image = self.image.transform(
            target, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC, fillcolor=self._neutral
        )

    def _surround(self, inner: Size, after: Size, place: tuple[int, int]) -> None:
        """Put the map, which belongs to a picture of `inner` pixels, where that lies on a canvas."""
        target = self._scaled(after)
        across, down = self.image.width / inner.width, self.image.height / inner.height
        x, y = after.width / target.width, after.height / target.height
        matrix = (x * across, 0.0, -place[0] * across, 0.0, y * down, -place[1] * down)
        self.image = self.image.transform(
            target, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC, fillcolor=self._neutral
        )

    def _cover(self, coverage: Image.Image) -> None:
        mask = coverage.resize(self.image.size, Image.Resampling.BOX)
        self.image = self.image.copy()
        self.image.paste(self._neutral, (0, 0, *self.image.size), mask)

    def _forget_colors(self) -> None:
        if self._parameters.channels > 1:
            raise StepNotFollowedError
        self.image = self.image.convert("L")


def neutral_pixel(image: Image.Image, parameters: GainMapParameters) -> tuple[int, ...]:
    """Return the pixel of a map that leaves the picture as it is."""
    values = parameters.neutral_values
    count = len(image.getbands())
    return values if len(values) == count else values[:1] * count

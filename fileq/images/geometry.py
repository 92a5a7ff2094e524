"""The geometry between a source as it is stored and the picture as it is wanted.

A picture is read in one go: the region that is wanted, at the size that is wanted, whichever way it lies in the
file. So the decoder may reduce, and what is turned and color-converted is the small picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from PIL.Image import Image, Resampling, Transpose

from fileq.operations.builtin.resize import Region, Resize
from fileq.units import Size

TRANSPOSE_BY_ORIENTATION = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""What makes a picture of each EXIF orientation upright."""

INVERSE_ORIENTATION = {6: 8, 8: 6}
"""The orientations that undo others; the rest undo themselves."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """A `region` of a picture of the size `full`, scaled to the size `target`."""

    full: Size
    target: Size
    region: Region

    @classmethod
    def identity(cls, full: Size) -> Scaling:
        """Return the scaling that leaves a picture of this size in pixels as it is."""
        return cls(full, full, (0.0, 0.0, float(full.width), float(full.height)))

    @classmethod
    def of_resize(cls, step: Resize, full: Size) -> Scaling:
        """Return what a resize step does to a picture of the size `full` in pixels."""
        return cls(full, step.size(full), step.region(full))

    @property
    def is_whole(self) -> bool:
        return self.region == (0, 0, *self.full)

    @property
    def whole_size(self) -> Size:
        """The size that the whole picture has where its region has the target's, never above the full size."""
        left, top, right, bottom = self.region
        width = math.ceil(self.full.width * self.target.width / (right - left))
        height = math.ceil(self.full.height * self.target.height / (bottom - top))
        return Size(min(width, self.full.width), min(height, self.full.height))

    def with_target(self, target: Size) -> Scaling:
        """Return the same region scaled to another size in pixels."""
        return Scaling(self.full, target, self.region)

    def apply(self, image: Image, shown: tuple[float, float] | None = None) -> Image:
        """Return the region of `image`, which shows the whole picture at any size, in the target's size.

        The whole takes so many pixels as `shown` of its width and height, where that is not all of them.
        """
        width, height = shown or image.size
        if image.size == self.target == (width, height) and self.is_whole:
            return image
        return image.resize(self.target, Resampling.LANCZOS, box=self._region_on(width, height))

    def _region_on(self, width: float, height: float) -> Region:
        """Return the region on a picture of another size that shows the same."""
        x, y = width / self.full.width, height / self.full.height
        left, top, right, bottom = self.region
        return left * x, top * y, min(right * x, width), min(bottom * y, height)

    def as_stored(self, orientation: int) -> Scaling:
        """Return the same scaling on the picture as it lies in a file of this EXIF orientation, 1 to 8."""
        width, height = self.full
        left, top, right, bottom = self.region
        if orientation in {2, 3, 6, 7}:
            left, right = width - right, width - left
        if orientation in {3, 4, 7, 8}:
            top, bottom = height - bottom, height - top
        if orientation < 5:
            return Scaling(self.full, self.target, (left, top, right, bottom))
        return Scaling(self.full.transposed, self.target.transposed, (top, left, bottom, right))


def bounding_size(sizes: list[Size]) -> Size:
    """Return the smallest size in pixels that has room for all of them."""
    return Size(max(size.width for size in sizes), max(size.height for size in sizes))

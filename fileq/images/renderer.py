"""The pixels of all outputs from one decoding: common steps once, each output's own after them, large to small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fileq.images.errors import translate_step_errors
from fileq.images.geometry import Scaling, bounding_size
from fileq.operations.base import to_8_bit
from fileq.operations.builtin.resize import Resize
from fileq.units import Size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from PIL.Image import Image

    from fileq.images.decode.source import DecodedSource
    from fileq.operations.base import Operation


class StepChain:
    """Steps in a row. What they find out from the pixels of the first picture holds for those that follow."""

    def __init__(self, steps: Sequence[Operation]) -> None:
        self._steps = list(steps)
        self._resolved_count = 0

    @property
    def is_empty(self) -> bool:
        return not self._steps

    @property
    def steps(self) -> tuple[Operation, ...]:
        """The steps, with what the pixels have told of them so far."""
        return tuple(self._steps)

    def size(self, size: Size) -> Size:
        """Return the size in pixels after all steps. Raises JobError where a step can't be done."""
        for step in self._steps:
            size = step.size(size)
        return size

    def leading_scaling(self, full: Size) -> Scaling | None:
        """Return what the first step does to a picture of `full` pixels where it is a resize, None where it is not.

        Such a picture need not be decoded in full size.
        """
        first = self._steps[0] if self._steps else None
        return Scaling.of_resize(first, full) if isinstance(first, Resize) else None

    def apply(self, image: Image, *, skip_first: bool) -> Image:
        """Return the image after all steps, or after all but the first. Raises JobError."""
        for at in range(int(skip_first), len(self._steps)):
            with translate_step_errors(type(self._steps[at]).__name__.lower()):
                image = self._apply_step(at, image)
        return image

    def _apply_step(self, at: int, image: Image) -> Image:
        if at >= self._resolved_count:
            self._steps[at] = self._steps[at].settled(image if image.mode == "I;16" else to_8_bit(image))
            self._resolved_count = at + 1
        step = self._steps[at]
        return step.apply(image if step.keeps_16_bit else to_8_bit(image))


def render_outputs(
    source: DecodedSource, frame: int, common: StepChain, branches: Mapping[int, StepChain]
) -> Iterator[tuple[int, Image]]:
    """Yield key and image of each branch, the large ones first: `common` steps, then the branch's own.

    Raises JobError only.
    """
    full = source.size(frame)
    scaling = common.leading_scaling(full)
    if common.is_empty:
        yield from _render_source(source, frame, full, branches)
        return
    image = source.read(scaling or Scaling.identity(full), frame)
    image = common.apply(image, skip_first=scaling is not None)
    yield from _render_branches(image, Size(*image.size), branches)


def _render_source(
    source: DecodedSource, frame: int, full: Size, branches: Mapping[int, StepChain]
) -> Iterator[tuple[int, Image]]:
    """Render without common steps: read as large as the largest output needs, or just what the only one needs."""
    leading = [branch.leading_scaling(full) for branch in branches.values()]
    wanted = [scaling for scaling in leading if scaling is not None]
    if len(leading) == len(wanted) == 1:
        for key, branch in branches.items():  # without a name for the picture: it would be held while it is encoded
            yield key, branch.apply(source.read(wanted[0], frame), skip_first=True)
        return
    size = bounding_size([scaling.whole_size for scaling in wanted]) if len(wanted) == len(leading) else full
    image = source.read(Scaling.identity(full).with_target(size), frame)
    yield from _render_branches(image, full, branches)


def _render_branches(base: Image, full: Size, branches: Mapping[int, StepChain]) -> Iterator[tuple[int, Image]]:
    """Render each branch from the smallest whole picture that has all it needs. `base` shows what is `full` in size."""
    wholes = [base]
    leading = {key: branch.leading_scaling(full) or Scaling.identity(full) for key, branch in branches.items()}
    for key in sorted(leading, key=lambda key: -leading[key].target.width * leading[key].target.height):
        scaling, branch = leading[key], branches[key]
        with translate_step_errors("resize"):
            image = scaling.apply(_find_smallest(wholes, scaling.whole_size))
        if scaling.is_whole and image is not wholes[-1]:
            wholes.append(image)
        yield key, branch.apply(image, skip_first=branch.leading_scaling(full) is not None)


def _find_smallest(wholes: Sequence[Image], needed: Size) -> Image:
    for image in reversed(wholes):
        if image.width >= needed.width and image.height >= needed.height:
            return image
    return wholes[0]

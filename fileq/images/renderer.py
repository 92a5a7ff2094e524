"""From one decoding to the pixels of all outputs: steps once, each output's own after them, large to small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fileq.images.errors import step_errors
from fileq.images.geometry import Scaling, bounding_size
from fileq.operations.base import to_8_bit
from fileq.operations.builtin.resize import Resize
from fileq.units import Size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from PIL.Image import Image

    from fileq.images.source import DecodedSource
    from fileq.operations.base import Operation


class StepChain:
    """Steps in a row. What they find out from the pixels of the first picture holds for those that follow."""

    def __init__(self, steps: Sequence[Operation]) -> None:
        self._steps = list(steps)
        self._settled = 0

    @property
    def is_empty(self) -> bool:
        return not self._steps

    def size(self, size: Size) -> Size:
        """The size in pixels after all steps. Raises JobError where a step can't be done."""
        for step in self._steps:
            size = step.size(size)
        return size

    def leading_scaling(self, full: Size) -> Scaling | None:
        """The first step where that is a resize: it needs no picture in full size."""
        first = self._steps[0] if self._steps else None
        return Scaling.of_resize(first, full) if isinstance(first, Resize) else None

    def apply(self, image: Image, *, beyond_head: bool) -> Image:
        """The picture after all steps, or after all but the first."""
        for at in range(int(beyond_head), len(self._steps)):
            with step_errors(type(self._steps[at]).__name__.lower()):
                image = self._applied(at, image)
        return image

    def _applied(self, at: int, image: Image) -> Image:
        if at >= self._settled:
            self._steps[at] = self._steps[at].settled(image)
            self._settled = at + 1
        step = self._steps[at]
        return step.apply(image if step.keeps_16_bit else to_8_bit(image))


def render_outputs(
    source: DecodedSource, frame: int, trunk: StepChain, branches: Mapping[int, StepChain]
) -> Iterator[tuple[int, Image]]:
    """The picture of each branch, by its key, the large ones first. Raises JobError only."""
    full = source.size(frame)
    head = trunk.leading_scaling(full)
    if trunk.is_empty:
        yield from _from_source(source, frame, full, branches)
        return
    image = source.read(head or Scaling.identity(full), frame)
    image = trunk.apply(image, beyond_head=head is not None)
    yield from _grown(image, Size(*image.size), branches)


def _from_source(
    source: DecodedSource, frame: int, full: Size, branches: Mapping[int, StepChain]
) -> Iterator[tuple[int, Image]]:
    """Without common steps: read as large as the largest output needs, or just what the only one needs."""
    heads = [branch.leading_scaling(full) for branch in branches.values()]
    wanted = [head for head in heads if head is not None]
    if len(heads) == len(wanted) == 1:
        image = source.read(wanted[0], frame)
        for key, branch in branches.items():
            yield key, branch.apply(image, beyond_head=True)
        return
    size = bounding_size([head.whole_size for head in wanted]) if len(wanted) == len(heads) else full
    image = source.read(Scaling.identity(full).with_target(size), frame)
    yield from _grown(image, full, branches)


def _grown(base: Image, full: Size, branches: Mapping[int, StepChain]) -> Iterator[tuple[int, Image]]:
    """Each branch from the smallest whole picture that has all it needs. `base` shows what is `full` in size."""
    wholes = [base]
    heads = {key: branch.leading_scaling(full) or Scaling.identity(full) for key, branch in branches.items()}
    for key in sorted(heads, key=lambda key: -heads[key].target.width * heads[key].target.height):
        head, branch = heads[key], branches[key]
        with step_errors("resize"):
            image = head.apply(_smallest(wholes, head.whole_size))
        if head.is_whole and image is not wholes[-1]:
            wholes.append(image)
        yield key, branch.apply(image, beyond_head=branch.leading_scaling(full) is not None)


def _smallest(wholes: Sequence[Image], needed: Size) -> Image:
    for image in reversed(wholes):
        if image.width >= needed.width and image.height >= needed.height:
            return image
    return wholes[0]

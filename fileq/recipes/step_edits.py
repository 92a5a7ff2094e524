"""Steps that are put among others, in the order that makes sense: crop, resize, the rest, and a watermark last."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fileq.operations import Step
from fileq.operations.base import Operation
from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.resize import Resize
from fileq.operations.builtin.rotate import Rotate
from fileq.operations.builtin.watermark import Watermark


class StepEdits(msgspec.Struct, frozen=True):
    """Steps to put among others. A crop, a size and a watermark take the places of those that are there."""

    crop: Crop | None = None
    size: Resize | None = None
    others: tuple[Operation, ...] = ()
    watermark: Watermark | None = None

    def without_size(self) -> StepEdits:
        """Return the same edits but the size."""
        return msgspec.structs.replace(self, size=None)

    def apply(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """Return the steps with these among them: a watermark is the last one, so that nothing cuts or shrinks it."""
        edited = list(steps)
        if self.crop is not None:
            _put(edited, self.crop, _place(edited, (Resize,), 0))
        if self.size is not None:
            _put(edited, self.size, _place_after(edited, (Crop, Rotate)))
        place = _place(edited, (Watermark,), len(edited))
        edited[place:place] = self.others
        if self.watermark is not None:
            _put(edited, self.watermark, len(edited))
        return tuple(edited)


def has_resize(steps: Sequence[Step]) -> bool:
    """Return whether a resize is among the steps."""
    return any(isinstance(step, Resize) for step in steps)


def split_at_resize(steps: Sequence[Step]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """Return the steps before the first resize, and it with all that follow."""
    place = _place(steps, (Resize,), len(steps))
    return tuple(steps[:place]), tuple(steps[place:])


def _place(steps: Sequence[Step], kinds: tuple[type[Operation], ...], otherwise: int) -> int:
    return next((number for number, step in enumerate(steps) if isinstance(step, kinds)), otherwise)


def _place_after(steps: Sequence[Step], kinds: tuple[type[Operation], ...]) -> int:
    return max((number for number, step in enumerate(steps, 1) if isinstance(step, kinds)), default=0)


def _put(steps: list[Step], new: Step, place: int) -> None:
    """Put a step in the place of those of its kind, or at `place` where there is none."""
    same = [number for number, step in enumerate(steps) if isinstance(step, type(new))]
    if not same:
        steps.insert(place, new)
        return
    steps[same[0]] = new
    for number in reversed(same[1:]):
        del steps[number]

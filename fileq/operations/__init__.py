"""All operations, and the union of them: `Step`, what a recipe's steps may be."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Any

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
from fileq.operations.programs.command import Command

BUILT_IN: tuple[type[Operation], ...] = (
    Resize,
    Crop,
    Pad,
    Border,
    Rotate,
    Flip,
    Grayscale,
    Sharpen,
    Adjust,
    Watermark,
    Command,
)

if TYPE_CHECKING:
    ALL: tuple[type[Operation], ...]
    Step = Operation
else:

    def __getattr__(name: str) -> Any:
        """`ALL` and `Step`, at first use: a plug-in that is imported first needs the base class, not yet itself."""
        if name == "ALL":
            return _all()
        if name == "Step":
            return functools.reduce(operator.or_, _all())
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@functools.cache
def _all() -> tuple[type[Operation], ...]:
    from fileq.operations.plugins import load_plugins

    return BUILT_IN + load_plugins(BUILT_IN)

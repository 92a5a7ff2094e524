"""All operations, and `Step`: what a recipe's steps may be."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Any

from fileq.operations.adjust import Adjust
from fileq.operations.base import Operation
from fileq.operations.border import Border
from fileq.operations.command import Command
from fileq.operations.crop import Crop
from fileq.operations.flip import Flip
from fileq.operations.grayscale import Grayscale
from fileq.operations.pad import Pad
from fileq.operations.resize import Resize
from fileq.operations.rotate import Rotate
from fileq.operations.sharpen import Sharpen
from fileq.operations.watermark import Watermark

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
    from fileq.operations import plugins

    return BUILT_IN + plugins.load(BUILT_IN)

"""The names of what a recipe makes of a JPEG, told from the first and last bytes of the file: for plans of many files.

Opening a picture costs ten times as much. Where these bytes don't tell all, nothing is told.
"""

import io
import os
import stat

from fileq.files.containers import END_MARKS
from fileq.images.plan import NameContext, OutputPlan
from fileq.images.protocol import PipelineRequest
from fileq.job import OutputInfo
from fileq.operations.base import Operation
from fileq.operations.builtin.adjust import Adjust
from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.flip import Flip
from fileq.operations.builtin.grayscale import Grayscale
from fileq.operations.builtin.resize import Resize
from fileq.operations.builtin.sharpen import Sharpen
from fileq.recipes.formats import output_extension
from fileq.recipes.output_names import template_fields
from fileq.recipes.recipe import Recipe, fill_enlarge
from fileq.units import Size

_HEAD = 65536  # bytes: a camera's thumbnail lies in the first 64 KB, and the size after it
_SAFE_FIELDS = frozenset({"stem", "ext", "name", "folder", "relative", "recipe"})
_HARMLESS = (Resize, Crop, Flip, Grayscale, Sharpen, Adjust)
"""Steps by which an opaque picture stays one, and gets no larger unless they say so."""

_LONGEST_SIDE = 16383
"""Pixels: every format has room for that."""

_ORDINARY_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive (ITU-T T.81, table B.1)
_HIGH_DYNAMIC_RANGE = b"cicp"  # in a colour profile
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class HeaderPlanner:
    """Plans by the first and last bytes of files; what it finds out of a recipe, it asks once."""

    def __init__(self) -> None:
        self._plans: dict[str, tuple[OutputPlan, ...] | None] = {}

    def plan(self, request: PipelineRequest, fingerprint: str) -> tuple[OutputInfo, ...] | None:
        """Return the outputs that a pipeline would plan of an ordinary JPEG, without their sizes; else None.

        `fingerprint` is the recipe's. Raises JobError (unsupported) where a name can't be.
        """
        if fingerprint not in self._plans:
            self._plans[fingerprint] = _plans_of_jpeg(request.recipe)
        plans = self._plans[fingerprint]
        if plans is None:
            return None
        try:
            with io.FileIO(os.open(request.source, _FLAGS)) as raw:
                if not _is_ordinary_jpeg(raw, request):
                    return None
                names = NameContext(
                    source=request.source, file=raw, relative=request.relative, recipe_name=request.recipe.name
                )
                return tuple(_output(names, plan, request) for plan in plans)
        except OSError:
            return None


def _output(names: NameContext, plan: OutputPlan, request: PipelineRequest) -> OutputInfo:
    extension = output_extension(plan.format, request.source)
    path = names.output_path(request.folder, plan, Size(1, 1), None, extension)
    return OutputInfo(path=path, format=plan.format, width=0, height=0)


def _plans_of_jpeg(recipe: Recipe) -> tuple[OutputPlan, ...] | None:
    """Return what a recipe makes of every ordinary JPEG; None where that depends on more than its being one."""
    if recipe.when is not None or any(output.only_smaller for output in recipe.outputs):
        return None
    filled = fill_enlarge(recipe)
    if not all(map(_is_harmless, filled.all_steps)):
        return None
    if any(not template_fields(output.name) <= _SAFE_FIELDS for output in filled.outputs):
        return None
    if any(len(output.formats) > 1 for output in filled.outputs):
        return None
    formats = [output.formats[0] for output in filled.outputs]
    return tuple(
        OutputPlan(output=output, frames=(0,), page=1, format="jpeg" if format_ == "same" else format_)
        for output, format_ in zip(filled.outputs, formats, strict=True)
    )


def _is_harmless(step: Operation) -> bool:
    return isinstance(step, _HARMLESS) and not getattr(step, "enlarge", False)


def _is_ordinary_jpeg(raw: io.FileIO, request: PipelineRequest) -> bool:
    status = os.fstat(raw.fileno())
    asked = ((request.size, status.st_size), (request.mtime_ns, status.st_mtime_ns))
    if not stat.S_ISREG(status.st_mode) or any(wanted not in (-1, found) for wanted, found in asked):
        return False
    head = raw.read(_HEAD)
    size = _frame_size(head)
    if size is None or _HIGH_DYNAMIC_RANGE in head or not _has_room(size, request.max_pixels):
        return False
    mark = END_MARKS["jpeg"]
    raw.seek(-len(mark), os.SEEK_END)
    return raw.read(len(mark)) == mark


def _has_room(size: Size, max_pixels: int) -> bool:
    return 0 < max(size) <= _LONGEST_SIDE and 0 < size.width * size.height <= max_pixels


def _frame_size(head: bytes) -> Size | None:
    """Return the size in the frame header of a JPEG that begins so (ITU-T T.81, B.2.2); None where there is none."""
    if not head.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while at + 9 < len(head) and head[at] == 0xFF:
        if head[at + 1] in _ORDINARY_FRAMES:
            height, width = int.from_bytes(head[at + 5 : at + 7], "big"), int.from_bytes(head[at + 7 : at + 9], "big")
            return Size(width, height)
        length = int.from_bytes(head[at + 2 : at + 4], "big")
        if length < 2:
            return None
        at += 2 + length
    return None

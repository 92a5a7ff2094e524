"""One source through one recipe: opened, planned, made into temp files. It runs in a worker's child."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from PIL import ImageOps

from fileq.pictures.failures import reading, writing
from fileq.pictures.opening import check_unchanged, open_picture, opened_file
from fileq.recipes import formats, names
from fileq.units import Size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL.ImageFile import ImageFile

    from fileq.recipes.recipe import Output, Recipe


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one attempt must do. It is pickled to the child."""

    source: str  # an absolute path, which may hold surrogate escapes
    size: int  # the source's when it was added; -1: any
    mtime_ns: int  # the same
    recipe: Recipe
    folder: str  # the absolute destination folder
    relative: str  # the source's folder below the one that was added, "" at its top
    max_pixels: int


@dataclass(frozen=True, slots=True)
class Planned:
    """One output before any of it is encoded: its absolute final path, format, and size in pixels."""

    path: str
    format: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """One temp file: complete, checked, and safe on the disk. Sizes in pixels and bytes."""

    format: str
    width: int
    height: int
    bytes: int


@contextmanager
def opened(assignment: Assignment) -> Iterator[Picture]:
    """The source's picture, ready to be made into its outputs. Raises JobError only."""
    with opened_file(assignment.source, assignment.size, assignment.mtime_ns) as file:
        yield Picture(assignment, file, open_picture(file, assignment.source, assignment.max_pixels))


class Picture:
    """An open source on its way through a recipe."""

    notes: tuple[str, ...] = ()

    def __init__(self, assignment: Assignment, file: BinaryIO, image: ImageFile) -> None:
        self._assignment = assignment
        self._file = file
        self._image = image
        self.planned = tuple(self._plan(output) for output in assignment.recipe.outputs)

    def _plan(self, output: Output) -> Planned:
        source, recipe = self._assignment.source, self._assignment.recipe
        format_ = formats.of_name(output.name) or "jpeg"
        size = Size(*self._image.size)
        for step in (*recipe.steps, *output.steps):
            size = step.size(size)
        stem = os.path.splitext(os.path.basename(source))[0]
        name = names.filled(output.name, {"stem": stem, "ext": formats.ending(format_, source)})
        return Planned(os.path.join(self._assignment.folder, name), format_, *size)

    def make(self, temps: Sequence[str]) -> tuple[Encoded, ...]:
        """Write each planned output to its temp path. Raises JobError only."""
        recipe = self._assignment.recipe
        with reading(self._assignment.source):
            upright = ImageOps.exif_transpose(self._image)
        check_unchanged(self._file, self._assignment.source, self._assignment.size, self._assignment.mtime_ns)
        encoded = []
        for output, planned, temp in zip(recipe.outputs, self.planned, temps, strict=True):
            image = upright
            for step in (*recipe.steps, *output.steps):
                image = step.apply(image)
            with writing(temp):
                image.save(temp, format=planned.format.upper(), quality=output.quality or 82)
            encoded.append(Encoded(planned.format, image.width, image.height, os.path.getsize(temp)))
        return tuple(encoded)

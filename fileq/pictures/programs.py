"""External programs as a step: alone, from the source to the output; or last, on an encoded output."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image

from fileq.errors import ErrorKind, JobError, os_failures
from fileq.operations.command import Command
from fileq.pictures.assignment import Assignment, Encoded, Planned
from fileq.pictures.checking import secure
from fileq.pictures.failures import DAMAGE
from fileq.pictures.opening import FORMATS, check_unchanged
from fileq.pictures.planning import Naming, Part
from fileq.recipes import formats
from fileq.units import Size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fileq.operations.base import Operation
    from fileq.recipes.recipe import Output, Recipe


def only_program(recipe: Recipe) -> Command | None:
    """The program that makes all outputs of a recipe by itself, if it is one's only step."""
    first = recipe.steps[0] if recipe.steps else None
    alone = len(recipe.steps) == 1 and not any(output.steps for output in recipe.outputs)
    return first if isinstance(first, Command) and alone else None


def split(steps: Sequence[Operation]) -> tuple[tuple[Operation, ...], Command | None]:
    """An output's steps on pixels, and the program that comes after them. Raises JobError where one is among them."""
    last = steps[-1] if steps else None
    program = last if isinstance(last, Command) else None
    pixels = tuple(steps[:-1] if program else steps)
    refuse(pixels)
    return pixels, program


def refuse(steps: Sequence[Operation]) -> None:
    """Raise JobError (unsupported) where a program stands among steps on pixels."""
    if any(step.works_on_files for step in steps):
        message = "A command works on whole files: it is a recipe's only step, or the last step of an output."
        raise JobError(ErrorKind.UNSUPPORTED, message, "Move it to the end of the output's steps.")


def run(program: Command, source: str, temp: str, ending: str) -> None:
    """Have `program` make the file `temp` of `source`. Raises JobError.

    Programs tell the format by a name's ending, which a temp file's doesn't say: it gets one for that long.
    """
    output = f"{temp}.{ending}"
    try:
        program.run(source, output)
        with os_failures(temp):
            os.replace(output, temp)
    finally:
        if os.path.lexists(output):
            os.unlink(output)


def run_on_encoded(program: Command, temp: str, ending: str) -> None:
    """Have `program` make the file `temp` anew of what was encoded there. Raises JobError."""
    encoded = f"{temp}.encoded.{ending}"
    with os_failures(temp):
        os.replace(temp, encoded)
    try:
        run(program, encoded, temp, ending)
    finally:
        os.unlink(encoded)


def finished(temp: str, format_: str) -> Encoded:
    """What a program made. Its size in pixels is 0x0 where it is no picture that fileq reads."""
    size = Size(0, 0)
    try:
        with Image.open(temp, formats=(*FORMATS, "AVIF")) as image:
            size = Size(*image.size)
    except (OSError, Image.DecompressionBombError, *DAMAGE):
        size = Size(0, 0)  # a film, a document: whatever the program makes is right
    return Encoded(format_, *size, secure(temp))


class Handover:
    """A source that goes to a program as it is: it need not be a picture."""

    notes: tuple[str, ...] = ()

    def __init__(self, assignment: Assignment, file: BinaryIO, program: Command) -> None:
        self._assignment = assignment
        self._file = file
        self._stat = os.fstat(file.fileno())
        self._program = program
        self.planned = tuple(self._plan(output) for output in assignment.recipe.outputs)

    def make(self, temps: Sequence[str | None]) -> tuple[Encoded | None, ...]:
        """Have the program make each output at its temp path; None is for one that is not wanted. Raises JobError."""
        pairs = zip(self.planned, temps, strict=True)
        made = [None if temp is None else self._make(planned, temp) for planned, temp in pairs]
        check_unchanged(self._file, self._assignment.source, self._stat.st_size, self._stat.st_mtime_ns)
        return tuple(made)

    def _make(self, planned: Planned, temp: str) -> Encoded:
        run(self._program, self._assignment.source, temp, os.path.splitext(planned.path)[1][1:])
        if self._assignment.recipe.keep_times:
            with os_failures(temp):
                os.utime(temp, ns=(self._stat.st_atime_ns, self._stat.st_mtime_ns))
        return finished(temp, planned.format)

    def _plan(self, output: Output) -> Planned:
        given = self._assignment
        own = os.path.splitext(given.source)[1][1:]
        format_ = output.format if output.format not in (None, "same") else None
        ending = formats.ENDINGS[format_][0] if format_ else own
        naming = Naming(given.source, given.relative, given.recipe.name)
        path = naming.path(given.folder, Part(output, (0,), 1, format_ or own), Size(0, 0), None, ending)
        written = os.path.splitext(path)[1][1:].lower()
        return Planned(path, format_ or formats.of_name(path) or written, 0, 0)

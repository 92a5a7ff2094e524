"""External programs as a step: alone, from the source to the output; or last, on an encoded output.

And what both ways of a source share.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image

from fileq.errors import ErrorKind, JobError, translate_os_errors
from fileq.files.content import copy_content, digest_of
from fileq.files.no_clobber import rename_no_clobber
from fileq.files.private_folder import PRIVATE_ENDING, path_for_programs, private_folder, random_name
from fileq.files.temp_file import TempFile, foreign_file_error
from fileq.images.decode.opener import PILLOW_FORMATS
from fileq.images.decode.source_file import check_unchanged
from fileq.images.encode.output import finish_output, open_output_folder
from fileq.images.errors import DAMAGE
from fileq.images.plan import NameContext, OutputPlan
from fileq.images.protocol import EncodedOutput, PipelineRequest, Reservation
from fileq.job import OutputInfo
from fileq.operations.programs.command import argv_of
from fileq.recipes.formats import EXTENSIONS, format_of_name
from fileq.units import Size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fileq.files.directory import Directory
    from fileq.operations.base import Operation
    from fileq.recipes.recipe import Output, Recipe


def refuse_misplaced(recipe: Recipe) -> None:
    """Raise JobError (unsupported) where a program stands among steps on pixels."""
    steps = (*recipe.steps, *(step for output in recipe.outputs for step in output.pixel_steps))
    if any(step.works_on_files for step in steps):
        message = "A command works on whole files: it is a recipe's only step, or the last step of an output."
        raise JobError(ErrorKind.UNSUPPORTED, message, "Move it to the end of the output's steps.")


class ProgramFolder:
    """A private folder in which a program makes an output: nobody can put anything in its way there."""

    def __init__(self, folder: Directory, private: Directory, target: Reservation) -> None:
        self.private = private
        self._folder = folder
        self._temp = target.temp
        self._path = path_for_programs(private)

    def copy_source(self, file: BinaryIO, path: str) -> str:
        """Copy an open source into the folder under its own name, for a program to read; return that name.

        A copy and no link: some programs edit what they read in place, and an original is never to be changed.
        Raises JobError, also where there is no space for it.
        """
        name, status = os.path.basename(path), os.fstat(file.fileno())
        mode = status.st_mode & 0o777 | 0o600  # many programs give it to what they make
        with translate_os_errors(self._temp):  # where there is no space is the folder of the output
            handle = self.private.create(name, mode)
            try:
                copy_content(file.fileno(), handle)
                TempFile(os.path.join(self.private.path, name), handle).set_times(status)
            finally:
                os.close(handle)
        return name

    @contextmanager
    def run_program(self, program: Operation, source: str, extension: str) -> Iterator[TempFile]:
        """Have the program make the output's temp file of the file `source` in the folder, and hold it open.

        Raises JobError.
        """
        name = random_name(extension)
        known_as = os.path.join(self.private.path, name)
        program.run(os.path.join(self._path, source), os.path.join(self._path, name), known_as=known_as)
        temp = os.path.basename(self._temp)
        with translate_os_errors(self._temp):
            status = self.private.lstat(name)
            if status is None or not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
                message = f"{argv_of(program)[0]} made no file of its own for the output."
                raise JobError(ErrorKind.COMMAND, message, "Check its argv: a link or a folder can't be an output.")
            if status.st_mode & 0o600 != 0o600:
                os.chmod(self.private.path_of(name), status.st_mode & 0o777 | 0o600, dir_fd=self.private.handle)
            rename_no_clobber(self.private, name, self._folder, temp)
            handle = self._folder.open(temp, os.O_RDWR)
        try:
            if not os.path.samestat(os.fstat(handle), status):
                raise foreign_file_error(self._temp)
            yield TempFile(self._temp, handle)
        finally:
            os.close(handle)


@contextmanager
def open_program_folder(folder: Directory, target: Reservation) -> Iterator[ProgramFolder]:
    """Make the private folder for a program's output, and remove it afterwards with all that is left there.

    Raises JobError.
    """
    with (
        translate_os_errors(target.temp),
        private_folder(folder, os.path.basename(target.temp) + PRIVATE_ENDING) as private,
    ):
        yield ProgramFolder(folder, private, target)


def read_size(temp: TempFile) -> Size:
    """Return the size in pixels of what a program made, 0x0 where it is no picture that fileq reads."""
    try:
        with temp.open_from_start() as file, Image.open(file, formats=(*PILLOW_FORMATS, "AVIF")) as image:
            return Size(*image.size)
    except (OSError, Image.DecompressionBombError, *DAMAGE):
        return Size(0, 0)  # a film, a document: whatever the program makes is right


class SourceRun:
    """An open source on its way through a recipe."""

    def __init__(self, request: PipelineRequest, file: BinaryIO) -> None:
        self._request = request
        self._file = file
        self._status = os.fstat(file.fileno())
        self._names = NameContext(
            source=request.source, file=file, relative=request.relative, recipe_name=request.recipe.name,
            counter=request.counter,
        )  # fmt: skip

    def digest(self) -> str:
        """Return the SHA-256 of the source that was read, in hex digits. Raises JobError where it has changed."""
        with translate_os_errors(self._request.path):
            digest = digest_of(self._file.fileno())
        self._check_unchanged()
        return digest

    def _check_unchanged(self) -> None:
        """Raise JobError where the source is not what it was when it was opened."""
        before = self._status
        ctime_ns = before.st_ctime_ns if self._request.recipe.replace else -1  # an edit would be lost for good
        check_unchanged(self._file, self._request.path, before.st_size, before.st_mtime_ns, ctime_ns)


class ProgramRun(SourceRun):
    """A source that goes to a program as it is: it need not be a picture."""

    notes: tuple[str, ...] = ()

    def __init__(self, request: PipelineRequest, file: BinaryIO, program: Operation) -> None:
        super().__init__(request, file)
        self._program = program
        self.planned = tuple(self._plan(output) for output in request.recipe.outputs)

    def make(self, targets: Sequence[Reservation | None]) -> tuple[EncodedOutput | None, ...]:
        """Have the program make each output, None is for one that is not wanted; return what was made.

        Raises JobError.
        """
        pairs = zip(self.planned, targets, strict=True)
        made = [None if target is None else self._make(planned, target) for planned, target in pairs]
        self._check_unchanged()
        return tuple(made)

    def _make(self, planned: OutputInfo, target: Reservation) -> EncodedOutput:
        with open_output_folder(target) as folder, open_program_folder(folder, target) as place:
            source = place.copy_source(self._file, self._request.source)
            with place.run_program(self._program, source, os.path.splitext(planned.path)[1][1:]) as temp:
                return finish_output(
                    temp, self._file, target, keep_times=self._request.recipe.keep_times, format_=planned.format,
                    size=read_size(temp),
                )  # fmt: skip

    def _plan(self, output: Output) -> OutputInfo:
        own_extension = os.path.splitext(self._request.source)[1][1:]
        format_ = next((one for one in output.named_formats if one != "same"), None)
        extension = EXTENSIONS[format_][0] if format_ else own_extension
        plan = OutputPlan(output=output, frames=(0,), page=1, format=format_ or own_extension)
        path = self._names.output_path(self._request.folder, plan, Size(0, 0), None, extension)
        written = os.path.splitext(path)[1][1:].lower()
        return OutputInfo(path=path, format=format_ or format_of_name(path) or written, width=0, height=0)

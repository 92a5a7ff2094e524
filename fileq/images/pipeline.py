"""One source through one recipe: opened, planned, made into temp files. It runs in a worker's child."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from fileq.errors import translate_os_errors
from fileq.files.attributes import mode_for
from fileq.files.content import digest_of
from fileq.files.private_folder import random_name
from fileq.files.temp_file import TempFile, new_temp_file
from fileq.images import encoder, min_saving, plan, programs
from fileq.images.color import modes
from fileq.images.metadata import selection
from fileq.images.opener import check_unchanged, open_image, open_source
from fileq.images.output import check_output, finish_output, open_output_folder
from fileq.images.programs import ProgramRun
from fileq.images.protocol import EncodedOutput, PipelineRequest, Reservation
from fileq.images.renderer import StepChain, render_outputs
from fileq.images.source import DecodedSource
from fileq.job import OutputInfo
from fileq.recipes.formats import EXTENSIONS, output_extension
from fileq.recipes.recipe import fill_enlarge
from fileq.units import Size

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from PIL.Image import Image

    from fileq.images.plan import OutputPlan
    from fileq.operations.base import Operation

__all__ = ["ImageRun", "open_run"]


@contextmanager
def open_run(request: PipelineRequest) -> Iterator[ImageRun | ProgramRun]:
    """The source's picture, ready to be made into its outputs. Raises JobError only."""
    asked = request.source, request.size, request.mtime_ns, request.inode
    with open_source(*asked) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, on odd metadata: nobody would read them here
        program = request.recipe.only_program
        if program is not None:
            yield ProgramRun(request, file, program)
            return
        image = open_image(file, request.source, request.max_pixels)
        with image:
            yield ImageRun(request, file, DecodedSource(image, request.source, request.recipe))


@dataclass(slots=True)
class RenderedFrames:
    """The pictures of one output, as far as they are made, and how long each stays in ms."""

    images: list[Image]
    durations: list[int]


class ImageRun:
    """An open source on its way through a recipe."""

    def __init__(self, request: PipelineRequest, file: BinaryIO, source: DecodedSource) -> None:
        self._request = request
        self._file = file
        self._stat = os.fstat(file.fileno())
        self._source = source
        self._ready: dict[int, RenderedFrames] = {}
        self._recipe = fill_enlarge(request.recipe)
        programs.refuse_misplaced(self._recipe)
        self._parts = plan.plan_outputs(source, self._recipe.outputs)
        if any(plan.depends_on_pixels(source, part.output, self._steps(part)) for part in self._parts):
            self._ready = dict(self._render(range(len(self._parts))))
            self._parts = [self._as_it_came_out(key, part) for key, part in enumerate(self._parts)]
        self.planned = tuple(self._plan(key, part) for key, part in enumerate(self._parts))

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say on the job: what was left out, and what was found odd."""
        left_out = [plan.describe_dropped_frames(self._source, part) for part in self._parts]
        return tuple(dict.fromkeys([*self._source.notes, *(note for note in left_out if note)]))

    def make(self, targets: Sequence[Reservation | None]) -> tuple[EncodedOutput | None, ...]:
        """Write each planned output to its temp file; None is for one that is not wanted. Raises JobError only."""
        wanted = {key: target for key, target in enumerate(targets) if target is not None}
        made: dict[int, EncodedOutput] = {}
        for key, frames in self._ready.items() or self._render(wanted):
            if key in wanted:
                made[key] = self._encode(key, frames, wanted[key])
        self._check_unchanged()
        return tuple(made.get(key) for key in range(len(self._parts)))

    def digest(self) -> str:
        """Return the SHA-256 of the source that was read, in hex digits. Raises JobError where it has changed."""
        with translate_os_errors(self._request.source):
            digest = digest_of(self._file.fileno())
        self._check_unchanged()
        return digest

    def _steps(self, part: OutputPlan) -> tuple[Operation, ...]:
        return (*self._recipe.steps, *part.output.pixel_steps)

    def _chains(self) -> tuple[StepChain, dict[int, StepChain]]:
        """Common steps, and each part's own, with nothing settled yet."""
        branches = {key: StepChain(part.output.pixel_steps) for key, part in enumerate(self._parts)}
        return StepChain(self._recipe.steps), branches

    def _render(self, keys: Collection[int]) -> Iterator[tuple[int, RenderedFrames]]:
        """The frames of these parts, each part as soon as it has all of them."""
        begun: dict[int, RenderedFrames] = {}
        trunk, branches = self._chains()
        for frame in sorted({frame for key in keys for frame in self._parts[key].frames}):
            wanted = {
                key: branch for key, branch in branches.items() if key in keys and frame in self._parts[key].frames
            }
            if not self._source.is_animation:
                trunk, fresh = self._chains()
                wanted = {key: fresh[key] for key in wanted}
            for key, image in render_outputs(self._source, frame, trunk, wanted):
                frames = begun.setdefault(key, RenderedFrames([], []))
                frames.images.append(image)
                frames.durations.append(self._source.duration)
                if len(frames.images) == len(self._parts[key].frames):
                    yield key, begun.pop(key)

    def _as_it_came_out(self, key: int, part: OutputPlan) -> OutputPlan:
        images = self._ready[key].images
        transparent = any(modes.has_alpha(modes.drop_opaque_alpha(image)) for image in images)
        return plan.with_alpha_format(part, self._source) if transparent else part

    def _plan(self, key: int, part: OutputPlan) -> OutputInfo:
        ready = self._ready.get(key)
        size = (
            Size(*ready.images[0].size)
            if ready
            else StepChain(self._steps(part)).size(self._source.size(part.frames[0]))
        )
        plan.check_size(size, part.format, self._request.max_pixels)
        ending = output_extension(part.format, self._request.source)
        naming = plan.NameContext(self._request.source, self._file, self._request.relative, self._recipe.name)
        path = naming.output_path(self._request.folder, part, size, self._source.exif, ending)
        return OutputInfo(path=path, format=part.format, width=size.width, height=size.height)

    def _encode(self, key: int, frames: RenderedFrames, target: Reservation) -> EncodedOutput:
        part, planned = self._parts[key], self.planned[key]
        size = Size(planned.width, planned.height)
        program = part.output.program
        with open_output_folder(target) as folder:
            if program is None:
                mode = mode_for(os.fstat(self._file.fileno()))
                with new_temp_file(folder, os.path.basename(target.temp), mode) as temp:
                    self._write(temp, part, frames, size)
                    return self._finished(temp, target, part, size)
            ending = EXTENSIONS[part.format][0]
            with programs.open_program_folder(folder, target) as place:
                encoded = random_name(ending)
                with new_temp_file(place.private, encoded, 0o600) as temp:
                    self._write(temp, part, frames, size)
                with place.run_program(program, encoded, ending) as temp:
                    return self._finished(temp, target, part, programs.read_size(temp))

    def _write(self, temp: TempFile, part: OutputPlan, frames: RenderedFrames, size: Size) -> None:
        content = self._content(part, frames)
        encoder.encode(temp, part.format, content, part.output)
        check_output(temp, part.format, size)
        if min_saving.saves_too_little(self._source, part, size, self._stat.st_size, temp):
            wanted = self._recipe.metadata
            min_saving.keep_original(self._source, self._file, part.format, content.metadata, wanted, temp)

    def _finished(self, temp: TempFile, target: Reservation, part: OutputPlan, size: Size) -> EncodedOutput:
        keep_times = self._recipe.keep_times
        return finish_output(temp, self._file, target, keep_times=keep_times, format_=part.format, size=size)

    def _content(self, part: OutputPlan, frames: RenderedFrames) -> encoder.EncoderInput:
        recipe, source = self._recipe, self._source
        stem = os.path.splitext(os.path.basename(self._request.source))[0]
        fits_all = part.format in plan.ANIMATION_FORMATS if source.is_animation else part.format in plan.PAGE_FORMATS
        images = frames.images if fits_all else frames.images[:1]
        icc = source.profile_for(images[0])
        if icc is not None and part.format in encoder.FORMATS_WITHOUT_PROFILE:
            images, icc = [source.convert_to_srgb(image, icc) for image in images], None
        data = selection.select_metadata(source, recipe.metadata)
        for note in selection.describe_left_out(data, part.format, Size(*images[0].size)):
            source.add_note(note)
        return encoder.EncoderInput(
            frames=images,
            durations=frames.durations,
            loop=source.loop,
            metadata=data,
            icc=icc,
            background=recipe.background,
            has_palette=source.has_palette,
            title=os.fsencode(stem).decode(errors="replace"),
        )

    def _check_unchanged(self) -> None:
        before = self._stat
        ctime_ns = before.st_ctime_ns if self._recipe.replace else -1  # an edit would be lost for good
        check_unchanged(self._file, self._request.source, before.st_size, before.st_mtime_ns, ctime_ns)

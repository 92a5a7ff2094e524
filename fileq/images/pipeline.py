"""One source through one recipe: opened, planned, made into temp files. It runs in a worker's child."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from fileq.errors import os_failures
from fileq.files.attributes import mode_for
from fileq.files.content import digest_of
from fileq.files.private_folder import random_name
from fileq.files.temp_file import TempFile, new_temp_file
from fileq.images import encoder, min_saving, output_check, plan, programs
from fileq.images.color import modes
from fileq.images.metadata import selection
from fileq.images.opener import check_unchanged, open_picture, opened_file
from fileq.images.output_file import finished, folder_of
from fileq.images.programs import Handover
from fileq.images.protocol import Assignment, Encoded, OutputTarget, Planned
from fileq.images.renderer import Chain, rendered
from fileq.images.source import Source
from fileq.recipes.formats import EXTENSIONS, output_extension
from fileq.recipes.recipe import fill_enlarge
from fileq.units import Size

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from PIL.Image import Image

    from fileq.images.plan import Part
    from fileq.operations.base import Operation

__all__ = ["Assignment", "Encoded", "OutputTarget", "Picture", "Planned", "opened"]


@contextmanager
def opened(assignment: Assignment) -> Iterator[Picture | Handover]:
    """The source's picture, ready to be made into its outputs. Raises JobError only."""
    asked = assignment.source, assignment.size, assignment.mtime_ns, assignment.inode
    with opened_file(*asked) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, on odd metadata: nobody would read them here
        program = assignment.recipe.only_program
        if program is not None:
            yield Handover(assignment, file, program)
            return
        image = open_picture(file, assignment.source, assignment.max_pixels)
        with image:
            yield Picture(assignment, file, Source(image, assignment.source, assignment.recipe))


@dataclass(slots=True)
class Frames:
    """The pictures of one output, as far as they are made, and how long each stays in ms."""

    images: list[Image]
    durations: list[int]


class Picture:
    """An open source on its way through a recipe."""

    def __init__(self, assignment: Assignment, file: BinaryIO, source: Source) -> None:
        self._assignment = assignment
        self._file = file
        self._stat = os.fstat(file.fileno())
        self._source = source
        self._ready: dict[int, Frames] = {}
        self._recipe = fill_enlarge(assignment.recipe)
        programs.refuse_misplaced(self._recipe)
        self._parts = plan.parts_of(source, self._recipe.outputs)
        if any(plan.depends_on_pixels(source, part.output, self._steps(part)) for part in self._parts):
            self._ready = dict(self._render(range(len(self._parts))))
            self._parts = [self._as_it_came_out(key, part) for key, part in enumerate(self._parts)]
        self.planned = tuple(self._plan(key, part) for key, part in enumerate(self._parts))

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say on the job: what was left out, and what was found odd."""
        left_out = [plan.left_out(self._source, part) for part in self._parts]
        return tuple(dict.fromkeys([*self._source.notes, *(note for note in left_out if note)]))

    def make(self, targets: Sequence[OutputTarget | None]) -> tuple[Encoded | None, ...]:
        """Write each planned output to its temp file; None is for one that is not wanted. Raises JobError only."""
        wanted = {key: target for key, target in enumerate(targets) if target is not None}
        made: dict[int, Encoded] = {}
        for key, frames in self._ready.items() or self._render(wanted):
            if key in wanted:
                made[key] = self._encode(key, frames, wanted[key])
        self._check_unchanged()
        return tuple(made.get(key) for key in range(len(self._parts)))

    def digest(self) -> str:
        """Return the SHA-256 of the source that was read, in hex digits. Raises JobError where it has changed."""
        with os_failures(self._assignment.source):
            digest = digest_of(self._file.fileno())
        self._check_unchanged()
        return digest

    def _steps(self, part: Part) -> tuple[Operation, ...]:
        return (*self._recipe.steps, *part.output.pixel_steps)

    def _chains(self) -> tuple[Chain, dict[int, Chain]]:
        """Common steps, and each part's own, with nothing settled yet."""
        branches = {key: Chain(part.output.pixel_steps) for key, part in enumerate(self._parts)}
        return Chain(self._recipe.steps), branches

    def _render(self, keys: Collection[int]) -> Iterator[tuple[int, Frames]]:
        """The frames of these parts, each part as soon as it has all of them."""
        begun: dict[int, Frames] = {}
        trunk, branches = self._chains()
        for frame in sorted({frame for key in keys for frame in self._parts[key].frames}):
            wanted = {
                key: branch for key, branch in branches.items() if key in keys and frame in self._parts[key].frames
            }
            if not self._source.is_animation:
                trunk, fresh = self._chains()
                wanted = {key: fresh[key] for key in wanted}
            for key, image in rendered(self._source, frame, trunk, wanted):
                frames = begun.setdefault(key, Frames([], []))
                frames.images.append(image)
                frames.durations.append(self._source.duration)
                if len(frames.images) == len(self._parts[key].frames):
                    yield key, begun.pop(key)

    def _as_it_came_out(self, key: int, part: Part) -> Part:
        images = self._ready[key].images
        transparent = any(modes.has_alpha(modes.without_idle_alpha(image)) for image in images)
        return plan.with_alpha(part, self._source) if transparent else part

    def _plan(self, key: int, part: Part) -> Planned:
        ready = self._ready.get(key)
        size = (
            Size(*ready.images[0].size) if ready else Chain(self._steps(part)).size(self._source.size(part.frames[0]))
        )
        plan.check_size(size, part.format, self._assignment.max_pixels)
        ending = output_extension(part.format, self._assignment.source)
        naming = plan.Naming(self._assignment.source, self._file, self._assignment.relative, self._recipe.name)
        return Planned(naming.path(self._assignment.folder, part, size, self._source.exif, ending), part.format, *size)

    def _encode(self, key: int, frames: Frames, target: OutputTarget) -> Encoded:
        part, planned = self._parts[key], self.planned[key]
        size = Size(planned.width, planned.height)
        program = part.output.program
        with folder_of(target) as folder:
            if program is None:
                mode = mode_for(os.fstat(self._file.fileno()))
                with new_temp_file(folder, os.path.basename(target.temp), mode) as temp:
                    self._write(temp, part, frames, size)
                    return self._finished(temp, target, part, size)
            ending = EXTENSIONS[part.format][0]
            with programs.workplace(folder, target) as place:
                encoded = random_name(ending)
                with new_temp_file(place.private, encoded, 0o600) as temp:
                    self._write(temp, part, frames, size)
                with place.made(program, encoded, ending) as temp:
                    return self._finished(temp, target, part, programs.size_of(temp))

    def _write(self, temp: TempFile, part: Part, frames: Frames, size: Size) -> None:
        content = self._content(part, frames)
        encoder.encode(temp, part.format, content, part.output)
        output_check.check(temp, part.format, size)
        if min_saving.saves_too_little(self._source, part, size, self._stat.st_size, temp):
            wanted = self._recipe.metadata
            min_saving.keep(self._source, self._file, part.format, content.metadata, wanted, temp)

    def _finished(self, temp: TempFile, target: OutputTarget, part: Part, size: Size) -> Encoded:
        keep_times = self._recipe.keep_times
        return finished(temp, self._file, target, keep_times=keep_times, format_=part.format, size=size)

    def _content(self, part: Part, frames: Frames) -> encoder.Content:
        recipe, source = self._recipe, self._source
        stem = os.path.splitext(os.path.basename(self._assignment.source))[0]
        fits_all = part.format in plan.ANIMATED if source.is_animation else part.format in plan.PAGED
        images = frames.images if fits_all else frames.images[:1]
        icc = source.profile_for(images[0])
        if icc is not None and part.format in encoder.WITHOUT_PROFILES:
            images, icc = [source.in_srgb(image, icc) for image in images], None
        data = selection.kept(source, recipe.metadata)
        for note in selection.left_out(data, part.format, Size(*images[0].size)):
            source.note(note)
        return encoder.Content(
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
        check_unchanged(self._file, self._assignment.source, before.st_size, before.st_mtime_ns, ctime_ns)

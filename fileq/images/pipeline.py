"""The way of one source through one recipe: opened, planned, encoded into temp files. A worker's child runs it."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from fileq.errors import JobError, translate_os_errors
from fileq.files.attributes import mode_for
from fileq.files.output_mark import mark_of
from fileq.files.output_seal import seal_output
from fileq.files.private_folder import random_name
from fileq.files.temp_file import TempFile, new_temp_file
from fileq.images.color import modes
from fileq.images.conditions import check_conditions
from fileq.images.decode.opener import open_image
from fileq.images.decode.source import DecodedSource
from fileq.images.decode.source_file import open_source
from fileq.images.encode.encoder import EncoderInput, encode
from fileq.images.encode.format_choice import FormatChoice
from fileq.images.encode.kept_whole import keep_whole_if_smaller
from fileq.images.encode.loss import FORMATS_WITH_16_BITS, FORMATS_WITHOUT_PROFILE, refuse_loss
from fileq.images.encode.min_saving import keep_original, saves_too_little
from fileq.images.encode.output import check_output, finish_output, open_output_folder
from fileq.images.formats.jpegxl.header import read_header
from fileq.images.gain_maps.rendition import make_gain_map
from fileq.images.lossless.jpeg_xl import may_transcode, transcode
from fileq.images.lossless.options import RewriteOptions
from fileq.images.lossless.rewrite import (
    can_keep_pixels,
    find_smallest,
    keeps_pixels,
    pack_encoded,
    write_unless_much_larger,
)
from fileq.images.memory import estimate_memory
from fileq.images.metadata.save_options import describe_left_out
from fileq.images.metadata.selection import select_metadata
from fileq.images.plan import (
    check_size,
    depends_on_pixels,
    describe_dropped_frames,
    holds_sequence,
    may_stay_whole,
    plan_outputs,
    refuse_other_names,
    with_alpha_format,
    with_own_format,
)
from fileq.images.programs import ProgramRun, SourceRun, open_program_folder, read_size, refuse_misplaced
from fileq.images.protocol import EncodedOutput, PipelineRequest, Reservation
from fileq.images.renderer import StepChain, render_outputs
from fileq.images.sizes import find_superfluous
from fileq.job import OutputInfo
from fileq.operations.base import op_name
from fileq.recipes.formats import output_extension, usual_extension
from fileq.recipes.recipe import fill_enlarge, settle_lossless
from fileq.units import Size, describe_count

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from PIL.Image import Image

    from fileq.images.plan import OutputPlan
    from fileq.operations.base import Operation

__all__ = ["ImageRun", "open_run"]


def _take(_need: int) -> None:
    pass


@contextmanager
def open_run(request: PipelineRequest, claim_memory: Callable[[int], None] = _take) -> Iterator[ImageRun | ProgramRun]:
    """Open a source, and plan what its recipe makes of it: its pixels' way, or that of a program alone.

    `claim_memory` is told how many bytes that takes before they are used; it may wait, or refuse by a JobError.
    Raises JobError only.
    """
    with open_source(request.path, request.size, request.mtime_ns, request.inode) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, on odd metadata: nobody would read them here
        program = request.recipe.only_program
        if program is not None:
            _check_file(request, file)
            yield ProgramRun(request, file, program)
            return
        recipe = settle_lossless(fill_enlarge(request.recipe))
        image = open_image(
            file, request.path, request.max_pixels, lambda header: claim_memory(estimate_memory(header, recipe))
        )
        with image:
            source = DecodedSource(image, request.path, recipe)
            check_conditions(request.recipe, os.fstat(file.fileno()).st_size, source.size(source.sequence[0]))
            yield ImageRun(request, file, source)


def _check_file(request: PipelineRequest, file: BinaryIO) -> None:
    """Raise JobError (unsupported) where a file that goes to a program is not what the recipe is for."""
    when, size = request.recipe.when, None
    if when is not None and when.about_pixels:
        with suppress(JobError), open_image(file, request.path, request.max_pixels) as image:
            size = DecodedSource(image, request.path, request.recipe).size()
    check_conditions(request.recipe, os.fstat(file.fileno()).st_size, size)


@dataclass(slots=True)
class RenderedFrames:
    """The frames or pages of one output, as far as they are made, and how long each stays in ms."""

    images: list[Image]
    durations: list[int]
    encoded: bytes | None = None  # the output itself, where several formats were tried
    steps: tuple[Operation, ...] = ()  # that made them


class ImageRun(SourceRun):
    """A source that is decoded, goes through its recipe's steps, and is encoded."""

    def __init__(self, request: PipelineRequest, file: BinaryIO, source: DecodedSource) -> None:
        super().__init__(request, file)
        self._source = source
        asked = fill_enlarge(request.recipe)
        self._recipe = settle_lossless(asked)
        self._mark = mark_of(asked.mark_name, replaces=asked.replace)  # by which intake knows it
        self._limiting_step = ""  # that works with 8 bits, where more could be kept
        self._rendered: dict[int, RenderedFrames] = {}  # where the plan depends on pixels
        refuse_misplaced(self._recipe)
        plans = plan_outputs(source, self._recipe.outputs)
        self._plans = [with_own_format(plan, source, self._steps(plan)) for plan in plans]
        if not all(keeps_pixels(source, plan, self._steps(plan)) for plan in self._plans):
            source.refuse_hdr()
            source.refuse_unread_frames()
        source.keeps_channels = self._can_keep_channels()
        if any(self._depends_on_pixels(plan) for plan in self._plans):
            self._rendered = dict(self._render(range(len(self._plans))))
            self._plans = [self._with_format_of_pixels(key, plan) for key, plan in enumerate(self._plans)]
            self._plans = [self._with_smallest_format(key, plan) for key, plan in enumerate(self._plans)]
        self.planned = tuple(self._plan(key, plan) for key, plan in enumerate(self._plans))
        refuse_other_names(self._recipe, request.source, self.planned)
        self._leave_out(find_superfluous(self._recipe, self._plans, self.planned))

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences to say on the job: what was left out, and what was found odd."""
        left_out = [describe_dropped_frames(self._source, plan) for plan in self._plans]
        return tuple(dict.fromkeys([*self._source.notes, *(note for note in left_out if note)]))

    def make(self, targets: Sequence[Reservation | None]) -> tuple[EncodedOutput | None, ...]:
        """Write each planned output to its temp file, None is for one that is not wanted; return what was written.

        Raises JobError only.
        """
        wanted = {key: target for key, target in enumerate(targets) if target is not None}
        made: dict[int, EncodedOutput] = {}
        for key, frames in self._rendered.items() or self._render(wanted):
            if key in wanted:
                made[key] = self._encode(key, frames, wanted[key])
        self._check_unchanged()
        return tuple(made.get(key) for key in range(len(self._plans)))

    def _leave_out(self, keys: Collection[int]) -> None:
        """Take away the plans at these places, and all that belongs to them."""
        if not keys:
            return
        sizes = ", ".join(dict.fromkeys(f"{self.planned[key].width}x{self.planned[key].height}" for key in keys))
        kept = [key for key in range(len(self._plans)) if key not in keys]
        self._plans = [self._plans[key] for key in kept]
        self.planned = tuple(self.planned[key] for key in kept)
        self._rendered = {new: self._rendered[old] for new, old in enumerate(kept) if old in self._rendered}
        self._source.add_note(f"{describe_count(len(keys), 'larger size')} left out: the original gives {sizes}.")

    def _steps(self, plan: OutputPlan) -> tuple[Operation, ...]:
        return (*self._recipe.steps, *plan.output.pixel_steps)

    def _depends_on_pixels(self, plan: OutputPlan) -> bool:
        steps = self._steps(plan)
        return depends_on_pixels(self._source, plan.output, steps) or may_stay_whole(self._source, plan, steps)

    def _can_keep_channels(self) -> bool:
        """Return whether all steps take 16 bits, inks and Lab, and an output has room for what of that there is."""
        wanted = [plan for plan in self._plans if self._source.can_keep_channels(plan.format)]
        reduced = any(plan.output.colors is not None or len(plan.output.formats) > 1 for plan in self._plans)
        mixing = [step for plan in self._plans for step in self._steps(plan) if not step.takes_any_channels]
        self._limiting_step = op_name(mixing[0]) if wanted and mixing else ""
        return bool(wanted) and not (reduced or mixing)

    def _chains(self) -> tuple[StepChain, dict[int, StepChain]]:
        """Return the common steps, and each output's own, with nothing settled yet."""
        branches = {key: StepChain(plan.output.pixel_steps) for key, plan in enumerate(self._plans)}
        return StepChain(self._recipe.steps), branches

    def _render(self, keys: Collection[int]) -> Iterator[tuple[int, RenderedFrames]]:
        """Yield the frames of these outputs, each output as soon as it has all of them."""
        begun: dict[int, RenderedFrames] = {}
        common, branches = self._chains()
        for frame in sorted({frame for key in keys for frame in self._plans[key].frames}):
            wanted = {
                key: branch for key, branch in branches.items() if key in keys and frame in self._plans[key].frames
            }
            if not self._source.is_animation:
                common, fresh = self._chains()
                wanted = {key: fresh[key] for key in wanted}
            for key, image in render_outputs(self._source, frame, common, wanted):
                frames = begun.setdefault(key, RenderedFrames([], []))
                frames.images.append(modes.drop_opaque_alpha(image) if self._source.is_animation else image)
                frames.durations.append(self._source.duration)
                frames.steps = (*common.steps, *wanted[key].steps)
                del image  # an encoder may need the room
                if len(frames.images) == len(self._plans[key].frames):
                    yield key, begun.pop(key)

    def _with_format_of_pixels(self, key: int, plan: OutputPlan) -> OutputPlan:
        images = self._rendered[key].images
        transparent = any(modes.has_alpha(modes.drop_opaque_alpha(image)) for image in images)
        return with_alpha_format(plan, self._source) if transparent else plan

    def _with_smallest_format(self, key: int, plan: OutputPlan) -> OutputPlan:
        """Return the plan in the format that wins where there are several; its file is made by that."""
        stays = may_stay_whole(self._source, plan, self._steps(plan))
        if len(plan.output.formats) < 2 and not stays:
            return plan
        frames = self._rendered[key]
        check_size(size := Size(*frames.images[0].size), "", self._request.max_pixels)

        def write(temp: TempFile, one: OutputPlan) -> None:
            self._write(temp, one, replace(frames, images=list(frames.images)), size)

        if stays:
            trial = keep_whole_if_smaller(self._source, self._file, plan, self._rewrite_options(plan), write)
        else:
            trial = FormatChoice(self._source, plan, frames.images, write).find_smallest()
        frames.encoded = trial.content
        return trial.plan

    def _plan(self, key: int, plan: OutputPlan) -> OutputInfo:
        if key in self._rendered:
            size = Size(*self._rendered[key].images[0].size)
        else:
            size = StepChain(self._steps(plan)).size(self._source.size(plan.frames[0]))
        check_size(size, plan.format, self._request.max_pixels)
        extension = output_extension(plan.format, self._request.source)
        path = self._names.output_path(self._request.folder, plan, size, self._source.exif, extension)
        return OutputInfo(path=path, format=plan.format, width=size.width, height=size.height)

    def _encode(self, key: int, frames: RenderedFrames, target: Reservation) -> EncodedOutput:
        plan, planned = self._plans[key], self.planned[key]
        size = Size(planned.width, planned.height)
        program = plan.output.program
        with open_output_folder(target) as folder:
            if program is None:
                mode = mode_for(self._status)
                with new_temp_file(folder, os.path.basename(target.temp), mode) as temp:
                    self._write(temp, plan, frames, size)
                    self._note_first_frame(temp, plan)
                    return self._finish(temp, target, plan, size)
            extension = usual_extension(plan.format)
            with open_program_folder(folder, target) as place:
                encoded = random_name(extension)
                with new_temp_file(place.private, encoded, 0o600) as temp:
                    self._write(temp, plan, frames, size)
                    self._note_first_frame(temp, plan)
                with place.run_program(program, encoded, extension) as temp:
                    return self._finish(temp, target, plan, read_size(temp))

    def _write(self, temp: TempFile, plan: OutputPlan, frames: RenderedFrames, size: Size) -> None:
        if frames.encoded is not None:
            temp.replace_content(frames.encoded)
            return
        if keeps_pixels(self._source, plan, self._steps(plan)):
            frames.images.clear()  # which have shown that the source is whole
            temp.replace_content(find_smallest(self._source, self._file, plan.format, self._rewrite_options(plan)))
            return
        if may_transcode(self._source, plan, self._steps(plan)):
            made = transcode(self._source, self._file, plan, self._rewrite_options(plan))
            if made is not None:
                temp.replace_content(made)
                return
        content = self._encoder_input(plan, frames)
        encode(temp, plan.format, content, plan.output)
        check_output(temp, plan.format, size)
        if plan.output.min_saving is not None and not plan.keeps_format:
            pack_encoded(temp, plan)
        elif can_keep_pixels(self._source, plan, self._steps(plan)):
            smallest = find_smallest(self._source, self._file, plan.format, self._rewrite_options(plan))
            write_unless_much_larger(temp, smallest, plan.output.min_saving or 0)
        elif saves_too_little(self._source, plan, size, self._steps(plan), temp, self._status.st_size):
            keep_original(self._source, self._file, plan, self._rewrite_options(plan), temp)

    def _note_first_frame(self, temp: TempFile, plan: OutputPlan) -> None:
        """Say on the job that an animation in JPEG XL became a still, where its bytes didn't stay."""
        if not self._source.has_unread_frames:
            return
        with translate_os_errors(temp.path), temp.open_from_start() as made:
            if plan.format != "jxl" or not read_header(made).is_animation:
                self._source.add_note("The first frame was kept: what reads animations in JPEG XL is not there.")

    def _finish(self, temp: TempFile, target: Reservation, plan: OutputPlan, size: Size) -> EncodedOutput:
        keep_times = self._recipe.keep_times
        if self._request.marks_outputs:
            with translate_os_errors(temp.path):
                seal_output(temp, self._mark, os.path.basename(self._request.source), self._file.fileno())
        return finish_output(temp, self._file, target, keep_times=keep_times, format_=plan.format, size=size)

    def _rewrite_options(self, plan: OutputPlan) -> RewriteOptions:
        keeps_always = (plan.output.min_saving or 0) >= 1
        return RewriteOptions(
            metadata=select_metadata(self._source, self._recipe.metadata),
            policy=self._recipe.metadata,
            mark=self._mark if self._request.marks_outputs else b"",
            effort=plan.output.effort,
            strips_by_all_means=keeps_always or self._recipe.metadata in ("private", "none"),
            marks_originals=keeps_always and not self._recipe.replace,
        )

    def _encoder_input(self, plan: OutputPlan, frames: RenderedFrames) -> EncoderInput:
        recipe, source = self._recipe, self._source
        stem = os.path.splitext(os.path.basename(self._request.source))[0]
        images = frames.images if holds_sequence(plan.format, is_animation=source.is_animation) else frames.images[:1]
        images = [source.convert_for(image, plan.format) for image in images]
        if plan.output.lossless and not (frames.steps or source.is_tone_mapped):
            refuse_loss(source, images[0], plan.format)
        icc = source.profile_for(images[0])
        if icc is not None and plan.format in FORMATS_WITHOUT_PROFILE:
            images, icc = [source.convert_to_srgb(image, icc) for image in images], None
        source.note_mapping()
        data = select_metadata(source, recipe.metadata)
        for note in describe_left_out(data, plan.format, Size(*images[0].size)):
            source.add_note(note)
        if source.has_16_bits and not (modes.is_16_bit(images[0]) and plan.format in FORMATS_WITH_16_BITS):
            why = f": the step {self._limiting_step} works with no more" if self._limiting_step else ""
            source.add_note(f"Its 16 bits a channel became 8{why}.")
        return EncoderInput(
            frames=images,
            durations=frames.durations,
            play_count=source.play_count,
            metadata=data,
            icc=icc,
            background=recipe.background,
            has_palette=source.has_palette,
            is_bilevel=source.is_bilevel,
            gain_map=make_gain_map(source, plan, frames.steps),
            mark=self._mark if self._request.marks_outputs else b"",
            title=os.fsencode(stem).decode(errors="replace"),
        )

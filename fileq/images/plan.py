"""The plan of what a recipe makes of a source: its files, their formats, names, and the frames or pages in each."""

from __future__ import annotations

import datetime as dt
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fileq.errors import ErrorKind, JobError, translate_os_errors
from fileq.files.content import digest_of
from fileq.operations.base import Operation
from fileq.operations.builtin.adjust import Adjust
from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.flip import Flip
from fileq.operations.builtin.grayscale import Grayscale
from fileq.operations.builtin.resize import Resize
from fileq.operations.builtin.sharpen import Sharpen
from fileq.recipes.formats import KEPT_EXTENSIONS
from fileq.recipes.output_names import NameDate, NameTime, fill_name, template_fields

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from PIL import Image

    from fileq.images.decode.source import DecodedSource
    from fileq.job import OutputInfo
    from fileq.recipes.recipe import Output, Recipe
    from fileq.units import Size

_ANIMATION_FORMATS = {"gif", "webp", "png", "avif"}
_PAGE_FORMATS = {"tiff", "pdf"}

_SAME_FORMAT = {
    "JPEG": "jpeg", "MPO": "jpeg", "PNG": "png", "WEBP": "webp", "AVIF": "avif", "GIF": "gif", "TIFF": "tiff",
    "HEIF": "jpeg", "JPEG2000": "jpeg", "JXL": "jxl", "JXL animation": "webp",
}  # fmt: skip
"""What "same" writes of each format that is read. Those that aren't here become PNG."""

_OWN_NAME = {"MPO": "jpeg", "HEIF": "heic", "JPEG2000": "jp2", "JXL animation": "jxl"}
"""The name of a source's own format, where that is not Pillow's in small letters."""

_KEPT_LOSSLESS = {"HEIF": "HEIC", "JPEG2000": "JP2", "JXL animation": "an animation in JPEG XL"}
"""Formats that nothing here encodes, and whose files can be written again all the same; what a sentence calls them."""

_LONGEST_SIDE = {"webp": 16383, "jpeg": 65500, "gif": 65535, "avif": 65536}

_OPAQUE_STAYS_OPAQUE = (Resize, Crop, Flip, Grayscale, Sharpen, Adjust)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPlan:
    """One file to make: by an output of the recipe, of some frames or pages of the source."""

    output: Output
    frames: tuple[int, ...]
    page: int  # the number of the first of them, from 1
    format: str
    keeps_format: bool = False  # whether that is the source's own


def plan_outputs(source: DecodedSource, outputs: tuple[Output, ...]) -> list[OutputPlan]:
    """Return a plan for each file that the outputs make of a source, in their order."""
    settled = (output.settled_for(is_animation=source.is_animation) for output in outputs)
    return [plan for output in settled for plan in _plans_of(source, output)]


def output_formats(output: Output, source_format: str) -> tuple[str, ...]:
    """Return the formats that an output can have of a source in a format of Pillow's, without transparency."""
    return tuple(dict.fromkeys(_resolve(wanted, output, source_format) for wanted in output.formats))


def _resolve(wanted: str, output: Output, source_format: str) -> str:
    if wanted != "same":
        return wanted
    own = _OWN_NAME.get(source_format)
    return own if own in KEPT_EXTENSIONS and output.lossless else _SAME_FORMAT.get(source_format, "png")


def with_own_format(plan: OutputPlan, source: DecodedSource, steps: tuple[Operation, ...]) -> OutputPlan:
    """Return the plan in the source's format where a new file is to save something, and one in another format can't.

    So it is where nothing here encodes the format, and the file can be written again with its pixels as they are.
    """
    output = plan.output
    is_changed = bool(steps) or source.is_tone_mapped or output.program is not None
    if output.formats != ("same",) or output.min_saving is None or is_changed or source.format not in _KEPT_LOSSLESS:
        return plan
    own = _OWN_NAME[source.format]
    if plan.format != own and not output.lossless:
        source.add_note(f"It was kept as it is: {_KEPT_LOSSLESS[source.format]} can't be encoded here.")
    return with_format(plan, own, source)


def may_stay_whole(source: DecodedSource, plan: OutputPlan, steps: tuple[Operation, ...]) -> bool:
    """Return whether an output that is to save something is in another format, as nothing here writes the source's."""
    output = plan.output
    is_changed = bool(steps) or source.is_tone_mapped or output.program is not None
    if output.formats != ("same",) or output.min_saving is None or is_changed:
        return False
    is_page = "page" in template_fields(output.name) and len(source.sequence) > 1
    return source.format not in _SAME_FORMAT and not is_page


def with_alpha_format(plan: OutputPlan, source: DecodedSource) -> OutputPlan:
    """Return the plan that holds where its picture turns out to have transparency."""
    wanted = plan.output.alpha_format
    if wanted is None:
        return plan
    return with_format(plan, _SAME_FORMAT.get(source.format, "png") if wanted == "same" else wanted, source)


def with_format(plan: OutputPlan, format_: str, source: DecodedSource) -> OutputPlan:
    """Return the plan in another format."""
    return replace(plan, format=format_, keeps_format=_is_own(format_, source))


def _is_own(format_: str, source: DecodedSource) -> bool:
    return not source.is_stretched and format_ == _OWN_NAME.get(source.format, source.format.lower())


def holds_sequence(format_: str | None, *, is_animation: bool) -> bool:
    """Return whether a format has room for all frames of an animation, or for all pages of a document."""
    return format_ in (_ANIMATION_FORMATS if is_animation else _PAGE_FORMATS)


def depends_on_pixels(source: DecodedSource, output: Output, steps: tuple[Operation, ...]) -> bool:
    """Return whether the format or the size of an output can't be told from the source's header."""
    if len(output.formats) > 1 or any(_size_depends_on_pixels(step) for step in steps):
        return True
    if output.alpha_format is None:
        return False
    return source.may_be_transparent or not all(isinstance(step, _OPAQUE_STAYS_OPAQUE) for step in steps)


def check_size(size: Size, format_: str, max_pixels: int) -> None:
    """Raise JobError where a picture of this size has no room: too_large by `max_pixels`, unsupported by its format."""
    if size[0] * size[1] > max_pixels:
        message = f"An output of {size[0]}x{size[1]} has more pixels than max_pixels allows."
        raise JobError(ErrorKind.TOO_LARGE, message, "Make it smaller in the recipe, or raise max_pixels.")
    limit = _LONGEST_SIDE.get(format_)
    if limit is not None and max(size) > limit:
        message = (
            f"{format_.upper()} pictures have at most {limit} pixels a side; this one would be {size[0]}x{size[1]}."
        )
        raise JobError(ErrorKind.UNSUPPORTED, message, "Make it smaller with a resize step, or choose PNG or TIFF.")


def refuse_other_names(recipe: Recipe, source: str, planned: Sequence[OutputInfo]) -> None:
    """Raise JobError (unsupported) where a recipe is to replace its source, and what it makes there has other names.

    One that asks for another format has its output beside the source.
    """
    if any(output.formats != ("same",) for output in recipe.outputs):
        return
    beside = [output for output in planned if os.path.dirname(output.path) == os.path.dirname(source)]
    if not recipe.replace or not beside or any(output.path == source for output in beside):
        return
    names = ", ".join(os.path.basename(output.path) for output in planned)
    raise JobError(
        ErrorKind.UNSUPPORTED,
        f"{source} can't be replaced: its output would be {names}.",
        "Only a file of the same name can. Leave out --replace (replace in a recipe) to have both.",
    )


def _size_depends_on_pixels(step: Operation) -> bool:
    """Return whether a step's size depends on pixels. Of the built-in steps only a trim's does; a plug-in's may."""
    if isinstance(step, Crop):
        return step.trim
    return type(step).settled is not Operation.settled


def _plans_of(source: DecodedSource, output: Output) -> list[OutputPlan]:
    formats = output_formats(output, source.format)
    format_ = formats[0]
    sequence = source.sequence[:1] if source.is_animation and output.still else source.sequence
    if "page" in template_fields(output.name):
        return [
            OutputPlan(output=output, frames=(frame,), page=page, format=format_, keeps_format=_is_own(format_, source))
            for page, frame in enumerate(sequence, 1)
        ]
    takes_all = any(holds_sequence(one, is_animation=source.is_animation) for one in formats) or (
        holds_sequence(output.alpha_format, is_animation=source.is_animation) and source.may_be_transparent
    )
    frames = tuple(sequence if takes_all else sequence[:1])
    own = _is_own(format_, source)
    return [OutputPlan(output=output, frames=frames, page=1, format=format_, keeps_format=own)]


def describe_dropped_frames(source: DecodedSource, plan: OutputPlan) -> str | None:
    """Return what to say on the job where an output has no room for all frames or pages; else None."""
    count = len(source.sequence)
    if (
        count == 1
        or (source.is_animation and plan.output.still)
        or "page" in template_fields(plan.output.name)
        or holds_sequence(plan.format, is_animation=source.is_animation)
        or (plan.keeps_format and len(plan.frames) == count)
    ):
        return None
    what, why = ("frames", "animation") if source.is_animation else ("pages", "pages")
    is_jxl = source.is_animation and plan.format == "jxl"
    remedy = "" if source.is_animation else "; with {page} in its name, each becomes a file"
    lack = "animations in JPEG XL can't be encoded here" if is_jxl else f"{plan.format.upper()} has no {why}"
    return f"The first of {count} {what} was kept: {lack}{remedy}."


@dataclass(frozen=True, slots=True, kw_only=True)
class NameContext:
    """What the fields of names are filled with, beside the output's own. `file` is the source's, open."""

    source: str
    file: BinaryIO
    relative: str
    recipe_name: str
    counter: int = 1

    def output_path(self, folder: str, plan: OutputPlan, size: Size, exif: Image.Exif | None, extension: str) -> str:
        """Return the absolute path of an output of `size` pixels below `folder`.

        `extension` is without its dot. Raises JobError (unsupported) where the name can't be.
        """
        template = plan.output.name
        with translate_os_errors(self.source):
            values = {field: self._value(field, plan, size, exif, extension) for field in template_fields(template)}
        try:
            return os.path.join(folder, *fill_name(template, values).split("/"))
        except ValueError as error:
            message = f"The name of an output can't be filled in: {error}."
            raise JobError(ErrorKind.UNSUPPORTED, message, "Change the name in the recipe.") from error

    def _value(self, field: str, plan: OutputPlan, size: Size, exif: Image.Exif | None, extension: str) -> Any:
        folder, name = os.path.split(self.source)
        simple = {
            "stem": os.path.splitext(name)[0], "name": name, "folder": os.path.basename(folder),
            "relative": self.relative, "recipe": self.recipe_name, "page": plan.page,
            "width": size[0], "height": size[1], "ext": extension, "counter": self.counter,
        }  # fmt: skip
        if field in ("date", "time"):
            taken = _time_taken(self.file, exif)
            kind = NameDate if field == "date" else NameTime
            return kind(*taken.timetuple()[:6])
        return digest_of(self.file.fileno())[:16] if field == "hash" else simple[field]


def _time_taken(file: BinaryIO, exif: Image.Exif | None) -> dt.datetime:
    """Return when the picture was taken by the camera's clock, else when the file was changed last, in local time."""
    taken = str(exif.get_ifd(0x8769).get(0x9003)) if exif is not None else ""  # Exif IFD, DateTimeOriginal
    for text, form in ((taken[:19], "%Y:%m:%d %H:%M:%S"), (taken[:10], "%Y:%m:%d")):
        with suppress(ValueError):
            return dt.datetime.strptime(text, form)  # noqa: DTZ007  # cameras know no zone
    return dt.datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime).astimezone()

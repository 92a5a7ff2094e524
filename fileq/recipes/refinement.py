"""What the command line changes on a recipe, or makes a recipe of that has no name."""

import os
from typing import Any

import msgspec

from fileq.operations import Step
from fileq.operations.base import Operation, op_name
from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.resize import Resize
from fileq.operations.builtin.watermark import Watermark
from fileq.operations.programs.command import argv_of
from fileq.recipes.formats import EXTENSIONS, format_of_name
from fileq.recipes.output_names import template_fields
from fileq.recipes.recipe import NAMELESS, Format, HdrPolicy, MetadataPolicy, OnConflict, Output, Recipe, fill_enlarge
from fileq.recipes.step_edits import StepEdits, has_resize, split_at_resize
from fileq.units import ByteSize

_WITHOUT_FORMAT: dict[str, Any] = {"format": None, "alpha_format": None, "animation_format": None}
_SIZE_FIELDS = frozenset({"width", "height"})
_UNSAFE = str.maketrans({"%": "pct", ":": "x", "/": "-", "{": "-", "}": "-", "\\": "-", "\0": "-", " ": ""})


class Refinement(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to a recipe: those that are not None or empty."""

    crop: Crop | None = None
    sizes: tuple[Resize, ...] = ()  # several make an output each
    steps: tuple[Operation, ...] = ()
    watermark: Watermark | None = None
    program: Operation | None = None  # a step that works on files
    format: Format | tuple[Format, ...] | None = None
    quality: int | None = None
    lossless: bool = False
    colors: int | None = None
    still: bool = False
    max_bytes: ByteSize | None = None
    metadata: MetadataPolicy | None = None
    hdr: HdrPolicy | None = None
    name: str | None = None
    on_conflict: OnConflict | None = None
    replace: bool = False

    @property
    def says_what_is_made(self) -> bool:
        """Whether there is more in it than where outputs go: enough for a recipe of its own."""
        return self.touches_pixels or self.lossless or self.program is not None or self.metadata is not None

    @property
    def touches_pixels(self) -> bool:
        """Whether a picture has to be decoded for it."""
        return bool(self._pixel_steps) or self.format is not None or self._limits_bytes or self._changes_frames

    @property
    def _changes_frames(self) -> bool:
        return self.colors is not None or self.still

    @property
    def _limits_bytes(self) -> bool:
        return self.quality is not None or self.max_bytes is not None

    @property
    def _pixel_steps(self) -> list[Operation]:
        return [step for step in (self.crop, *self.sizes, *self.steps, self.watermark) if step is not None]

    @property
    def folder_name(self) -> str:
        """The name of the folder beside the sources for what is made: 1200x-webp."""
        parts = [_step_word(step) for step in self._pixel_steps]
        parts += _as_list(self.format)
        if self.max_bytes is not None and not parts:
            parts = [f"max-{self.max_bytes}"]
        if self.quality is not None and not parts:
            parts = [f"quality-{self.quality}"]
        if self.program is not None:
            parts.append(os.path.splitext(os.path.basename(argv_of(self.program)[0]))[0])
        if self.colors is not None and not parts:
            parts = [f"{self.colors}-colors"]
        if self.still and not parts:
            parts = ["still"]
        if self.lossless:
            parts.append("lossless")
        if not parts:
            parts = [f"metadata-{self.metadata}"]
        return "-".join(parts).translate(_UNSAFE)


def nameless_recipe(changes: Refinement) -> Recipe:
    """Return the recipe of those who name none, but say what is to be made. Raises ValueError with the remedy."""
    recipe = Recipe(name=NAMELESS, out="{folder}/" + changes.folder_name, outputs=(Output(),))
    if changes.program is not None and not changes.touches_pixels:
        recipe = msgspec.structs.replace(recipe, match=("*",), steps=(changes.program,))
    elif not changes.touches_pixels:  # what goes is taken out, and the picture stays as it is, byte for byte
        least = 0.0 if changes.lossless else 1.0
        recipe = msgspec.structs.replace(recipe, outputs=(Output(format="same", lossless=True, min_saving=least),))
    return refine_recipe(recipe, changes)


def refine_recipe(recipe: Recipe, changes: Refinement) -> Recipe:
    """Return the recipe with the changes. Raises ValueError with the remedy where they don't fit it."""
    if changes.metadata is not None and (changes.program is not None or recipe.only_program is not None):
        raise ValueError("metadata is what fileq writes, and a program writes these outputs; have the program do it")
    if recipe.only_program is not None and changes.program is not None:
        recipe = msgspec.structs.replace(recipe, steps=(changes.program,))
    elif len(changes.sizes) > 1:
        recipe = _with_sizes(recipe, changes)
    else:
        recipe = _with_steps(recipe, changes)
    outputs = recipe.outputs if changes.name is None else _renamed(recipe, changes.name, changes.format)
    refined = msgspec.structs.replace(
        recipe,
        outputs=tuple(_with_encoding(output, changes) for output in outputs),
        metadata=changes.metadata or recipe.metadata,
        hdr=changes.hdr or recipe.hdr,
        on_conflict=changes.on_conflict or recipe.on_conflict,
        replace=recipe.replace or changes.replace,
        out="{folder}" if changes.replace else recipe.out,
    )
    return fill_enlarge(refined)


def _with_steps(recipe: Recipe, changes: Refinement) -> Recipe:
    size = changes.sizes[0] if changes.sizes else None
    edits = StepEdits(changes.crop, size, changes.steps, changes.watermark)
    own_size = len(recipe.outputs) == 1 and has_resize(recipe.outputs[0].steps) and not has_resize(recipe.steps)
    if size is not None and own_size:  # the recipe's only size stands there
        (output,) = recipe.outputs
        outputs = [msgspec.structs.replace(output, steps=StepEdits(size=size).apply(output.steps))]
        steps = edits.without_size().apply(recipe.steps)
    else:
        outputs, steps = list(recipe.outputs), edits.apply(recipe.steps)
    return msgspec.structs.replace(recipe, steps=steps, outputs=tuple(_with_program(one, changes) for one in outputs))


def _with_sizes(recipe: Recipe, changes: Refinement) -> Recipe:
    """Return the recipe with an output for each size, and what comes before the size for all of them together."""
    if len(recipe.outputs) > 1:
        raise ValueError(f"several sizes are several outputs, and the recipe {recipe.name} makes several already")
    (output,) = recipe.outputs
    name = output.name
    if _SIZE_FIELDS.isdisjoint(template_fields(name)):
        stem, ending = os.path.splitext(name)
        name = f"{stem}-{{width}}{ending}"
    common: tuple[Step, ...] = ()
    outputs = []
    for size in dict.fromkeys(changes.sizes):
        edits = StepEdits(changes.crop, size, changes.steps, changes.watermark)
        common, own = split_at_resize(edits.apply((*recipe.steps, *output.pixel_steps)))
        program = () if output.program is None else (output.program,)
        outputs.append(msgspec.structs.replace(output, name=name, steps=(*own, *program)))
    return msgspec.structs.replace(recipe, steps=common, outputs=tuple(_with_program(one, changes) for one in outputs))


def _with_program(output: Output, changes: Refinement) -> Output:
    if changes.program is None:
        return output
    return msgspec.structs.replace(output, steps=(*output.pixel_steps, changes.program))


def _renamed(recipe: Recipe, name: str, format_: Format | tuple[Format, ...] | None) -> tuple[Output, ...]:
    distinct = len(recipe.outputs) == 1 or not _SIZE_FIELDS.isdisjoint(template_fields(name))
    if not distinct or len({output.format for output in recipe.outputs}) > 1:
        many = f"the recipe {recipe.name} makes {len(recipe.outputs)} outputs"
        raise ValueError(f"--name {name!r} is one name, and {many}; put {{width}} into it")
    named = format_of_name(name)
    if named is not None and format_ not in (None, named):
        raise ValueError(
            f"--name {name!r} says {named}, and --format {','.join(_as_list(format_))}; write {{ext}} for the ending"
        )
    new = {"name": name} | (_WITHOUT_FORMAT if named else {})  # the ending says the format
    return tuple(msgspec.structs.replace(output, **new) for output in recipe.outputs)


# Encoding


def _with_encoding(output: Output, changes: Refinement) -> Output:
    if changes.format is not None:
        output = _with_format(output, changes.format)
    if changes.quality is not None:
        output = msgspec.structs.replace(output, quality=changes.quality, lossless=False)
    if changes.lossless:
        output = msgspec.structs.replace(output, quality=None, colors=None, lossless=True)
    if changes.colors is not None:
        output = msgspec.structs.replace(output, colors=changes.colors, lossless=False)
    if changes.still:
        output = msgspec.structs.replace(output, still=True)
    if changes.max_bytes is not None:
        output = msgspec.structs.replace(output, max_bytes=changes.max_bytes)
    return output


def _with_format(output: Output, format_: Format | tuple[Format, ...]) -> Output:
    """Return the output in a format, also where its name has another's ending: `{stem}.jpg` becomes `{stem}.{ext}`."""
    stem, ending = os.path.splitext(output.name)
    named = format_of_name(output.name)
    fits = named is None or all(one != "same" and ending[1:].lower() in EXTENSIONS[one] for one in _as_list(format_))
    name = output.name if fits else stem + ".{ext}"
    return msgspec.structs.replace(output, **_WITHOUT_FORMAT | {"name": name, "format": format_})


def _as_list(format_: Format | tuple[Format, ...] | None) -> list[Format]:
    if format_ is None:
        return []
    return [format_] if isinstance(format_, str) else list(format_)


def _step_word(step: Operation) -> str:
    """Return what a step is called in the name of a folder: 1200x, 300x300, 50pct, crop-16x9, sharpen."""
    if isinstance(step, Resize):
        return str(step.fit or step.fill or step.exact or f"{round(100 * (step.scale or 1))}%")
    if isinstance(step, Crop) and step.aspect is not None:
        return f"crop-{step.aspect}"
    return op_name(step)

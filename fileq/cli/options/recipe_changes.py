"""From options to recipes: each option is read, and what can't be is said by the option's name."""

import os
import shlex
from collections.abc import Callable
from typing import Any, TypeVar, get_args

import msgspec

from fileq.cli.options.operation import parse_operation
from fileq.cli.options.recipe import RecipeOptions
from fileq.cli.session import Session, quote_command
from fileq.config import built_in_recipes
from fileq.config.paths import absolute_path, working_folder
from fileq.config.problems import problem_from_check, suggest_names
from fileq.config.validation import recipe_problems
from fileq.errors import NotFoundError, UsageError
from fileq.operations.base import Operation
from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.resize import Resize
from fileq.operations.builtin.watermark import Watermark
from fileq.operations.programs.command import Command
from fileq.recipes.formats import EXTENSIONS, FORMATS_WITHOUT_QUALITY
from fileq.recipes.recipe import IMAGE_PATTERNS, NAMELESS, Format, HdrPolicy, MetadataPolicy, OnConflict, Recipe
from fileq.recipes.refinement import Refinement, nameless_recipe, refine_recipe
from fileq.units import ByteSize, Dimensions

T = TypeVar("T")

_FORMAT_OF = {extension: name for name, extensions in EXTENSIONS.items() for extension in extensions}
_SIZE_REMEDY = 'write it like "1600x1600", "1200x", "x800" or "50%"'


def changed_recipes(session: Session, options: RecipeOptions) -> list[Recipe]:
    """Return the named recipes with the changes of the options, or the recipe that they make.

    What says only where outputs go changes the default recipes. Raises UsageError, NotFoundError, UntrustedError.
    """
    changes = parse_changes(options)
    try:
        if options.recipe or not changes.says_what_is_made:
            recipes = [refine_recipe(recipe, changes) for recipe in session.recipes(options.recipe or ())]
        else:
            recipes = [nameless_recipe(changes)]
    except ValueError as error:
        raise _usage_error("", error) from error
    for recipe in recipes:
        for problem in recipe_problems(recipe):
            raise UsageError(f"{recipe.name}: {problem.key}: {problem.message}.", problem.remedy)
    if options.quality is not None:
        _hint_at_formats_without_quality(session, recipes)
    return recipes


def _hint_at_formats_without_quality(session: Session, recipes: list[Recipe]) -> None:
    formats = {one for recipe in recipes for output in recipe.outputs for one in output.formats}
    if formats <= FORMATS_WITHOUT_QUALITY:
        names = " and ".join(sorted(name.upper() for name in formats))
        session.display().hint(f"--quality changes nothing: {names} has no quality to choose.")


def save_recipes(session: Session, recipes: list[Recipe], options: RecipeOptions, *, saves: bool) -> list[Recipe]:
    """Return the recipes; where --save-as gives the only one a name, with that, and written into the config."""
    name = options.save_as
    if name is None:
        return recipes
    if len(recipes) > 1:
        raise UsageError("--save-as names one recipe, and there are more.", "Name one with -r.")
    out = Recipe(name=name).out if recipes[0].name == NAMELESS and not options.replace else recipes[0].out
    recipe = msgspec.structs.replace(recipes[0], name=name, out=out)
    for problem in recipe_problems(recipe):
        raise UsageError(f"--save-as {name}: {problem.message}.", problem.remedy)
    if saves:
        from fileq.config.saved_recipe import save_recipe

        file = save_recipe(session.config, recipe, replace=name in (options.recipe or ()))
        if file is not None:
            instead = " It takes the place of the built-in one." if name in built_in_recipes() else ""
            session.display().hint(f"The recipe {name} is in {file} now.{instead} Use it: -r {quote_command([name])}")
    return [recipe]


def parse_changes(options: RecipeOptions) -> Refinement:
    """Return what the options change. Raises UsageError that names the option, NotFoundError."""
    _refuse_contradictions(options)
    steps = [parse_operation(text) for text in options.op or ()]
    programs = [step for step in steps if step.works_on_files]
    program = _read("--exec", options.exec, _program)
    programs += [program] if program else []
    if len(programs) > 1:
        raise UsageError("Only one program can make an output.", "Give one --exec, or put both into a script.")
    return Refinement(
        crop=_read("--crop", options.crop, _crop),
        sizes=_sizes(options),
        steps=tuple(step for step in steps if not step.works_on_files),
        watermark=_read("--watermark", options.watermark, _watermark),
        program=programs[0] if programs else None,
        format=_read("--format", options.format, _formats),
        quality=_read("--quality", options.quality, _quality),
        lossless=options.lossless,
        colors=_read("--colors", options.colors, _colors),
        still=options.still,
        max_bytes=_read("--max-bytes", options.max_bytes, _max_bytes),
        metadata=_metadata(options),
        hdr=_choice("--hdr", options.hdr, HdrPolicy),
        name=options.name,
        on_conflict="overwrite" if options.overwrite else _choice("--on-conflict", options.on_conflict, OnConflict),
        replace=options.replace,
    )


def _metadata(options: RecipeOptions) -> MetadataPolicy | None:
    if options.strip:
        return "none"
    return "all" if options.keep_metadata else _choice("--metadata", options.metadata, MetadataPolicy)


def _sizes(options: RecipeOptions) -> tuple[Resize, ...]:
    read = [_read("--resize", text, _resize) for text in options.resize or ()]
    read += [_read("--fill", text, _fill) for text in options.fill or ()]
    return tuple(size for size in read if size is not None)


def _refuse_contradictions(options: RecipeOptions) -> None:
    """Raise UsageError where two options can't be combined."""
    for option, is_given in (("--out", options.out is not None), ("--name", options.name is not None)):
        if options.replace and is_given:
            message = f"--replace puts each output in the place of its original, and {option} somewhere else."
            raise UsageError(message, "Give one of them.")
    if options.resize is not None and options.fill is not None:
        raise UsageError("--resize and --fill both say the size.", "Give one of them.")
    for option, is_given, meaning in (
        ("--strip", options.strip, "none"),
        ("--keep-metadata", options.keep_metadata, "all"),
    ):
        if is_given and options.metadata not in (None, meaning):
            raise UsageError(f"{option} and --metadata {options.metadata} can't be combined.", "Give one of them.")
    for option, is_given in (("--quality", options.quality is not None), ("--colors", options.colors is not None)):
        if options.lossless and is_given:
            raise UsageError(f"--lossless loses nothing, and {option} says how much may go.", "Give one of them.")
    if options.strip and options.keep_metadata:
        raise UsageError("--strip and --keep-metadata can't be combined.", "Give one of them.")
    if options.overwrite and options.on_conflict not in (None, "overwrite"):
        raise UsageError(f"--overwrite and --on-conflict {options.on_conflict} can't be combined.", "Give one of them.")


def _read(option: str, text: Any, parse: Callable[[Any], T]) -> T | None:
    """Return what `parse` makes of an option's text, None where it isn't given. Raises UsageError."""
    if text is None:
        return None
    try:
        return parse(text)
    except ValueError as error:
        raise _usage_error(f"{option}: ", error) from error


def _usage_error(where: str, error: ValueError) -> UsageError:
    problem = problem_from_check("", str(error))
    return UsageError(f"{where}{problem.message}.", problem.remedy)


def _choice(option: str, text: str | None, kind: Any) -> Any:
    words = [str(word) for word in get_args(kind)]
    if text is not None and text not in words:
        raise UsageError(f"{option}: there is no {text!r}.", suggest_names(text, words))
    return text


def _resize(text: str) -> Resize:
    share = text.strip()
    if share.endswith("%"):
        try:
            scale = float(share[:-1]) / 100
        except ValueError as error:
            raise ValueError(f"{text!r} is no size; {_SIZE_REMEDY}") from error
        return Resize(scale=scale)
    if share.isdigit():
        raise ValueError(f'{text!r} has no x; write "{share}x" for the width, "x{share}" for the height')
    try:
        return Resize(fit=Dimensions.parse(text))
    except ValueError as error:
        problem, _, _ = str(error).partition(";")
        raise ValueError(f"{problem}; {_SIZE_REMEDY}") from error


def _fill(text: str) -> Resize:
    return Resize(fill=Dimensions.parse(text))


def _crop(text: str) -> Crop:
    if text == "trim":
        return Crop(trim=True)
    if ":" in text:
        return Crop(aspect=text)
    try:
        left, top, right, bottom = (int(side) for side in text.split(","))
    except ValueError as error:
        raise ValueError(
            f'{text!r} says no part; write proportions like "16:9", a box like "10,10,500,400", or trim'
        ) from error
    return Crop(box=(left, top, right, bottom))


def _watermark(text: str) -> Watermark:
    path = absolute_path(text)
    if os.path.isfile(path):
        return Watermark(picture=path)
    if "\n" not in text and any(text.lower().endswith(pattern[1:]) for pattern in IMAGE_PATTERNS):
        raise NotFoundError(f"There is no picture {text} (--watermark).", "Check its name, or write a text.")
    return Watermark(text=text)


def _program(text: str) -> Operation:
    try:
        argv = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"{text!r} has a quotation mark without its partner; close it") from error
    try:
        return Command(argv=tuple(argv)).located(working_folder())  # a worker may be in another folder
    except ValueError as error:
        problem, _, _ = str(error).partition(";")
        raise ValueError(
            f"{problem.removeprefix('argv ')}; write it like 'ffmpeg -i {{source}} -vf scale=640:-2 {{output}}'"
        ) from error


def _formats(texts: list[str]) -> Format | tuple[Format, ...]:
    """Return the format, or those to choose from: given several times, or with commas between them."""
    names = [_format(name.strip()) for text in texts for name in text.split(",")]
    return names[0] if len(set(names)) == 1 else tuple(dict.fromkeys(names))


def _format(text: str) -> Format:
    name: Any = _FORMAT_OF.get(text.lower().lstrip("."), text.lower())
    if name not in get_args(Format):
        raise ValueError(f"there is no format {text!r}; {suggest_names(text.lower(), get_args(Format)).rstrip('.')}")
    chosen: Format = name
    return chosen


def _quality(number: int) -> int:
    if not 1 <= number <= 100:
        raise ValueError(f"it is from 1 to 100, not {number}")
    return number


def _colors(number: int) -> int:
    if not 2 <= number <= 256:
        raise ValueError(f"it is from 2 to 256, not {number}")
    return number


def _max_bytes(text: str) -> ByteSize:
    size = ByteSize.parse(text)
    if size < 1:
        raise ValueError("it must be at least 1 byte")
    return size

"""The codecs, programs, pictures and fonts that the recipes in use need: whether this installation has them."""

import os
import shutil
from collections.abc import Iterator

from fileq.config import built_in_recipes
from fileq.config.settings import Settings
from fileq.health.check import CheckContext, Finding, bad, combine, ok
from fileq.images.formats.optional_codecs import READ_CODECS, WRITE_CODECS, codec_problem
from fileq.operations.base import Operation
from fileq.operations.builtin.mark import font_problem
from fileq.operations.builtin.watermark import Watermark
from fileq.operations.programs.command import Command
from fileq.recipes.recipe import IMAGE_PATTERNS, Recipe
from fileq.units import describe_count


def check_codecs(context: CheckContext) -> Finding:
    """Check that the recipes in use have the codecs, programs, pictures and fonts that they need."""
    recipes = recipes_in_use(context.config.settings)
    findings = [finding for recipe in recipes for finding in _lacking(recipe)]
    verb = "has" if len(recipes) == 1 else "have"
    return combine(findings, ok(f"{describe_count(len(recipes), 'recipe')} in use {verb} all that is needed."))


def recipes_in_use(settings: Settings) -> list[Recipe]:
    """Return the recipes that somebody wrote or uses: what is built in and unused may lack what it likes."""
    built_in = built_in_recipes()
    watched = (name for watch in settings.watch for name in watch.recipe_names)
    used = {*settings.default, *watched, *(name for batch in settings.schedule.add for name in batch.recipe_names)}
    return [recipe for name, recipe in settings.recipes.items() if name in used or built_in.get(name) != recipe]


def _lacking(recipe: Recipe) -> Iterator[Finding]:
    for codec in sorted(_codecs(recipe)):
        missing = codec_problem(codec)
        if missing:
            yield bad(f"The recipe {recipe.name} needs a codec: {missing[0]}.", missing[1])
    for step in recipe.all_steps:
        problem = _problem(step)
        if problem:
            yield bad(f"The recipe {recipe.name} can't work: {problem[0]}.", problem[1])


def _codecs(recipe: Recipe) -> set[str]:
    """Return the codecs that a recipe names: by default it takes all pictures, whether they can be read or not."""
    endings = () if recipe.match == IMAGE_PATTERNS else (pattern.rpartition(".")[2].lower() for pattern in recipe.match)
    written = {name for output in recipe.outputs for name in (*output.formats, *output.other_formats)}
    needed = {READ_CODECS.get(ending) for ending in endings} | {WRITE_CODECS.get(name) for name in written}
    return {codec for codec in needed if codec}


def _problem(step: Operation) -> tuple[str, str] | None:
    if isinstance(step, Command) and shutil.which(step.argv[0]) is None:
        return f"the program {step.argv[0]} was not found", "Install it, or write its full path."
    if isinstance(step, Watermark):
        return mark_problem(step)
    return None


def mark_problem(mark: Watermark) -> tuple[str, str] | None:
    """Return why a watermark can't be made, for want of its picture or font, and the remedy; None: it can."""
    picture = mark.picture and os.path.expanduser(mark.picture)
    if picture and not os.path.isfile(picture):
        return f"the watermark's picture {os.path.abspath(picture)} isn't there", "Put it there, or correct its path."
    problem = mark.font and font_problem(mark.font)
    return (problem, "Write the path of a .ttf or .otf file.") if problem else None

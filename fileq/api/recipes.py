"""Recipes that a program names, or makes: they are held to what a config may say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from fileq.config.paths import working_folder
from fileq.config.problems import problem_from_validation
from fileq.config.validation import recipe_problems
from fileq.errors import UsageError
from fileq.recipes.recipe import NAMELESS, Recipe, decode_unit, encode_unit, fill_enlarge, locate_steps

if TYPE_CHECKING:
    from fileq.config import Config

RecipeLike = str | Recipe | Mapping[str, Any]
"""The name of a recipe that is built in or in the config; a recipe; or the table that a config would have for it."""


def select_recipes(config: Config, recipes: RecipeLike | Iterable[RecipeLike] | None) -> list[Recipe]:
    """Return the recipes that are meant, in their order; the config's default ones for None.

    Raises NotFoundError with the nearest right name, UsageError for what no recipe can say, and ConfigError.
    """
    if recipes is None:
        return config.select_recipes()
    wanted = [recipes] if isinstance(recipes, str | bytes | Recipe | Mapping) else list(recipes)
    for one in wanted:
        if not isinstance(one, str | Recipe | Mapping):
            raise TypeError(f"a recipe is a name, a fileq.Recipe or a table, and not {one!r}")
    if not wanted:
        raise UsageError("Which recipe? The list is empty.", "Leave it out for the default one.")
    return [config.recipe(one) if isinstance(one, str) else check_recipe(one) for one in wanted]


def check_recipe(recipe: Recipe | Mapping[str, Any]) -> Recipe:
    """Return a recipe that a program has made, with units, lists and paths as those of a config. Raises UsageError."""
    try:
        text = msgspec.json.encode(recipe, enc_hook=encode_unit)
    except (TypeError, UnicodeEncodeError) as error:
        raise UsageError(f"This recipe can't be kept: {error}.", "Give what a config can say.") from error
    return _check(text, working_folder())


@lru_cache(maxsize=64)
def _check(text: bytes, folder: str) -> Recipe:
    tables = msgspec.json.decode(text)
    try:
        recipe = msgspec.convert(tables, Recipe, dec_hook=decode_unit)
        problems = recipe_problems(recipe)
    except msgspec.ValidationError as error:
        recipe, problems = Recipe(), iter([problem_from_validation(error, Recipe, tables)])
    for problem in problems:
        name = tables.get("name", NAMELESS)
        raise UsageError(f"{name}: {f'{problem.key}: ' if problem.key else ''}{problem.message}.", problem.remedy)
    return locate_steps(fill_enlarge(recipe), folder)

"""Whether recipes would give outputs of one source the same name, and how they are kept apart then."""

import os
from collections.abc import Sequence
from itertools import combinations

from fileq.recipes.formats import EXTENSIONS
from fileq.recipes.recipe import Output, Recipe


def have_collisions(recipes: Sequence[Recipe]) -> bool:
    """Whether outputs of any two of these would need the same name in one folder."""
    return any(_share_a_name(one, other) for one, other in combinations(recipes, 2))


def folder_templates(recipes: Sequence[Recipe], out: str | None) -> dict[str, str]:
    """By recipe, the template of its outputs' folder: its own, or one below `out`, a path.

    There the tree of what is processed is kept, and recipes that collide have a folder each.
    """
    if out is None:
        return {recipe.name: recipe.out for recipe in recipes}
    literal = os.path.abspath(out).replace("{", "{{").replace("}", "}}")
    template = os.path.join(literal, "{recipe}" if have_collisions(recipes) else "", "{relative}")
    return {recipe.name: template for recipe in recipes}


def _share_a_name(one: Recipe, other: Recipe) -> bool:
    return any(
        mine.name.replace("{recipe}", one.name) == theirs.name.replace("{recipe}", other.name)
        and ("{ext}" not in mine.name or _share_an_ending(mine, theirs))
        for mine in one.outputs
        for theirs in other.outputs
    )


def _share_an_ending(mine: Output, theirs: Output) -> bool:
    endings = _endings(mine), _endings(theirs)
    return None in endings[0] | endings[1] or bool(endings[0] & endings[1])


def _endings(output: Output) -> set[str | None]:
    """What {ext} can become; None: whatever the source's is."""
    named = (output.format, output.alpha_format or output.format)
    return {EXTENSIONS[format_][0] if format_ in EXTENSIONS else None for format_ in named}

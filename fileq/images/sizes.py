"""Sets of outputs that differ by their size: a size that the source doesn't have is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fileq.operations.builtin.resize import Resize
from fileq.recipes.output_names import template_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fileq.images.plan import OutputPlan
    from fileq.job import OutputInfo
    from fileq.recipes.recipe import Output, Recipe
    from fileq.units import Dimensions

_ALREADY_APART = frozenset({"width", "height"})


def find_superfluous(recipe: Recipe, plans: Sequence[OutputPlan], planned: Sequence[OutputInfo]) -> list[int]:
    """Return the places of plans that would give an output no smaller than one that there is.

    Where the source is smaller than all sizes, the smallest one stays: something is made of each source.
    """
    larger = [
        key
        for key, plan in enumerate(plans)
        if _only_smaller(recipe, plan.output)
        and (_is_too_large(recipe, plan.output, planned[key]) or _is_there_already(planned, key))
    ]
    if len(larger) < len(plans) or not larger:
        return larger
    smallest = min(larger, key=lambda key: _wanted_area(_wanted_size(recipe, plans[key].output)))
    return [key for key in larger if plans[key].output is not plans[smallest].output]


def _only_smaller(recipe: Recipe, output: Output) -> bool:
    if output.only_smaller is not None:
        return output.only_smaller
    shares_name = sum(other.name == output.name for other in recipe.outputs) > 1
    return shares_name and not _ALREADY_APART.isdisjoint(template_fields(output.name))


def _wanted_size(recipe: Recipe, output: Output) -> Dimensions | None:
    """Return the dimensions that the last step asks for, where that is a resize that enlarges nothing; else None."""
    steps = (*recipe.steps, *output.pixel_steps)
    sized = [step for step in steps if isinstance(step, Resize)]
    return (sized[-1].fit or sized[-1].fill) if sized and not sized[-1].enlarge else None


def _is_too_large(recipe: Recipe, output: Output, planned: OutputInfo) -> bool:
    """Return whether a resize did not come to its size: one that makes smaller meets at least one side exactly."""
    wanted = _wanted_size(recipe, output)
    if wanted is None:
        return False
    sides = ((wanted.width, planned.width), (wanted.height, planned.height))
    return all(side is None or made < side for side, made in sides)


def _is_there_already(planned: Sequence[OutputInfo], key: int) -> bool:
    """Return whether another size comes to the same for this source: 1600x1600 and 1200x of a portrait."""
    return any(planned[key] == other for other in planned[:key])


def _wanted_area(wanted: Dimensions | None) -> float:
    if wanted is None:
        return float("inf")
    return float((wanted.width or wanted.height or 1) * (wanted.height or wanted.width or 1))

"""What a recipe's `when` asks of a source: one that is not like that is refused, with both numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fileq.errors import ErrorKind, JobError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fileq.recipes.recipe import Recipe
    from fileq.units import Size

_SIDES = {"width": "px wide", "height": "px high", "pixels": "pixels", "bytes": "bytes"}


def check_conditions(recipe: Recipe, byte_count: int, size: Size | None) -> None:
    """Raise JobError (unsupported) where a source is not what the recipe is for.

    `size` is the upright picture's in pixels, None where it is no picture: then only the bytes count.
    """
    if recipe.when is None:
        return
    if size is None and recipe.when.about_pixels:
        message = f"It is no picture that can be read, and the recipe {recipe.name} is for pictures of a certain size."
        raise JobError(ErrorKind.UNSUPPORTED, message, "Use another recipe, or change its `when`.")
    measured = {"bytes": byte_count}
    if size is not None:
        measured |= {"width": size.width, "height": size.height, "pixels": size.width * size.height}
    reason = next(_failures(recipe, measured), None)
    if reason is not None:
        hint = "Take another file or another recipe, or change the recipe's `when`, then add it again."
        raise JobError(ErrorKind.UNSUPPORTED, reason, hint)


def _failures(recipe: Recipe, measured: dict[str, int]) -> Iterator[str]:
    for name, value in measured.items():
        least, most = getattr(recipe.when, f"min_{name}"), getattr(recipe.when, f"max_{name}")
        is_ = f"It {'has' if name in ('pixels', 'bytes') else 'is'} {value:,} {_SIDES[name]}"
        if least is not None and value < least:
            yield f"{is_}, and the recipe {recipe.name} takes {int(least):,} or more (min_{name})."
        if most is not None and value > most:
            yield f"{is_}, and the recipe {recipe.name} takes {int(most):,} at most (max_{name})."

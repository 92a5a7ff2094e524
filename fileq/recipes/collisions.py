"""Whether two recipes would give outputs of one source the same name."""

from collections.abc import Sequence
from itertools import combinations

from fileq.recipes import formats
from fileq.recipes.recipe import Output, Recipe


def collide(recipes: Sequence[Recipe]) -> bool:
    """Whether outputs of any two of these would need the same name in one folder."""
    return any(_share_a_name(one, other) for one, other in combinations(recipes, 2))


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
    return {formats.ENDINGS[format_][0] if format_ in formats.ENDINGS else None for format_ in named}

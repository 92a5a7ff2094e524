"""Whether the pictures and fonts of watermarks are there, before jobs are queued that need them."""

from collections.abc import Iterable

from fileq.errors import UsageError
from fileq.operations.base import op_name
from fileq.recipes.recipe import Recipe


def require_marks(recipes: Iterable[Recipe]) -> None:
    """Raise UsageError where a watermark's picture or font is missing: else each file would fail for it."""
    for recipe in recipes:
        marks = [step for step in recipe.all_steps if op_name(step) == "watermark"]
        if not marks:
            continue
        from fileq.health.checks.codecs import mark_problem  # most recipes have none, and Pillow comes with it
        from fileq.operations.builtin.watermark import Watermark

        for mark in marks:
            problem = mark_problem(mark) if isinstance(mark, Watermark) else None
            if problem is not None:
                raise UsageError(f"The recipe {recipe.name} can't work: {problem[0]}.", problem[1])

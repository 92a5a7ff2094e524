"""The recipes that the options of a command mean."""

from fileq.cli.options.recipe import RecipeOptions
from fileq.cli.session import Session
from fileq.errors import UsageError
from fileq.operations.base import op_name
from fileq.recipes.recipe import Recipe


def select_recipes(session: Session, options: RecipeOptions, *, saves: bool = True) -> list[Recipe]:
    """Return the recipes that are named, with the changes that the options ask for; or the one that they make.

    `saves` is whether --save-as writes one down. Raises UsageError, NotFoundError, UntrustedError, EnvironmentFailure.
    """
    recipes = _select_recipes(session, options, saves=saves)
    for recipe in recipes:
        _refuse_missing_marks(recipe)
    return recipes


def _select_recipes(session: Session, options: RecipeOptions, *, saves: bool) -> list[Recipe]:
    if not options.changes_recipes:
        return session.recipes(options.recipe or ())
    from fileq.cli.options.recipe_changes import (  # those who name a recipe don't wait for it
        changed_recipes,
        save_recipes,
    )

    recipes = changed_recipes(session, options)
    return save_recipes(session, recipes, options, saves=saves)


def _refuse_missing_marks(recipe: Recipe) -> None:
    """Raise UsageError where a watermark's picture or font is missing: else each file would fail for it."""
    marks = [step for step in recipe.all_steps if op_name(step) == "watermark"]
    if not marks:
        return
    from fileq.health.checks.codecs import mark_problem
    from fileq.operations.builtin.watermark import Watermark

    for mark in marks:
        problem = mark_problem(mark) if isinstance(mark, Watermark) else None
        if problem is not None:
            raise UsageError(f"The recipe {recipe.name} can't work: {problem[0]}.", problem[1])

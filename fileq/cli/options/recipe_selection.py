"""The recipes that the options of a command mean."""

from fileq.api.marks import require_marks
from fileq.cli.options.recipe import RecipeOptions
from fileq.cli.session import Session
from fileq.recipes.recipe import Recipe


def select_recipes(session: Session, options: RecipeOptions, *, saves: bool = True) -> list[Recipe]:
    """Return the recipes that are named, with the changes that the options ask for; or the one that they make.

    `saves` is whether --save-as writes one down. Raises UsageError, NotFoundError, UntrustedError, EnvironmentFailure.
    """
    recipes = _select_recipes(session, options, saves=saves)
    require_marks(recipes)
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

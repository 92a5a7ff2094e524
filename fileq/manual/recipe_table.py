"""The table of the recipes that are built in."""

from fileq.config import built_in_recipes
from fileq.manual.markdown_table import markdown_table


def recipe_table() -> str:
    """Return the table of the built-in recipes in Markdown."""
    rows = [(f"`{recipe.name}`", recipe.description) for recipe in built_in_recipes().values()]
    return markdown_table(("recipe", "what it makes"), rows)

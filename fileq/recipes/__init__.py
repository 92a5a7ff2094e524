"""Recipes: named ways to process sources, and the names of what they make."""

from importlib import resources


def builtin_toml() -> str:
    """The text of the built-in recipes, written as in a config."""
    return resources.files(__package__).joinpath("builtin.toml").read_text("utf-8")

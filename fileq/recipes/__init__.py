"""Recipes: named ways to process sources, and the names of what they make."""

import os


def builtin_toml() -> str:
    """Return the built-in recipes, written as in a config."""
    # importlib.resources would say the same 12 ms later, at every start.
    with open(os.path.join(os.path.dirname(__file__), "builtin.toml"), encoding="utf-8") as text:
        return text.read()

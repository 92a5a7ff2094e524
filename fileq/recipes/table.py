"""A recipe as a config says it: a table with what isn't at its default."""

from typing import Any

import msgspec

from fileq.recipes.recipe import Recipe


def recipe_table(recipe: Recipe) -> dict[str, Any]:
    """Return the keys and values that a config has below [recipes.NAME] for this recipe."""
    table = _table(recipe)
    table.pop("name", None)
    for holder in (table, *table.get("outputs", ())):
        for step in holder.get("steps", ()):
            if step.get("enlarge") == recipe.enlarge:  # it was filled in
                del step["enlarge"]
    return table


def _table(struct: msgspec.Struct) -> dict[str, Any]:
    config = struct.__struct_config__
    table: dict[str, Any] = {config.tag_field: config.tag} if config.tag_field else {}
    for field in msgspec.structs.fields(type(struct)):
        value = getattr(struct, field.name)
        if value is not None and value != field.default:
            table[field.encode_name] = _plain(value)
    return table


def _plain(value: Any) -> Any:
    """Return what TOML has for a value: units are written as text."""
    if isinstance(value, msgspec.Struct):
        return _table(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value if type(value) in (bool, int, float, str) else str(value)

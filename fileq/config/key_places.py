"""The places where a config's keys belong: what to say of a key that stands in another."""

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from fileq import operations
from fileq.config.settings import AddSettings, HookSettings, Settings, WatchSettings
from fileq.operations.base import op_name
from fileq.recipes.recipe import Output, Recipe

_NEAR = 0.8
"""How much a key must be like one that belongs elsewhere: `qualty` is 0.92 like quality, `with` 0.67 like width."""

_IN_STEP = "in a step: "
_STEP_PATH = re.compile(r"(^|\.)steps\[\d+\]$")

_RECIPE_KEYS = {field.name for field in msgspec.structs.fields(Recipe)} - {"name"}
_OUTPUT_KEYS = {field.name for field in msgspec.structs.fields(Output)}


class KeyPlace(NamedTuple):
    """A key, and where it belongs, in words that follow "It belongs "."""

    key: str
    place: str


def place_remedy(key: str, known: Collection[str], value: object) -> str:
    """Return where the last part of a dotted key belongs, as its place has only those `known`; "" where it is none.

    `value` is what the key has there. A key that is much like one of its own place is that.
    """
    path, _, last = key.rpartition(".")
    if not path and isinstance(value, dict):
        return _table_remedy(last, value)
    if path and difflib.get_close_matches(last, known, 1, _NEAR):
        return ""
    places = [one for one in _all_places(_recipe_name(key)) if not _is_here(one.place, path)]
    name, near = last, ""
    if last not in {one.key for one in places}:
        found = difflib.get_close_matches(last, {one.key for one in places}, 1, _NEAR)
        if not found or difflib.get_close_matches(last, known, 1):
            return ""
        name, near = found[0], f"Did you mean {found[0]}? "
    where = list(dict.fromkeys(one.place for one in places if one.key == name))
    return f"{near}{'It belongs ' if len(where) == 1 else 'It can stand '}{' or '.join(where[:3])}."


def shape_remedy(key: str, expected: Sequence[str], found: str) -> str:
    """Return how the table or list at a dotted key is written, where it is the other of the two; else ""."""
    path, _, last = key.rpartition(".")
    if "array" in expected and found == "object":
        if last == "steps":
            return 'Write it in brackets: steps = [ { op = "resize", fit = "1600x1600" } ].'
        if key in ("watch", "hook") or last in ("add", "outputs"):
            return f"Write [[{key}]], in two brackets each: there can be several."
    if "object" in expected and found == "array" and not path:
        return f"Write [{key}], in one bracket each: there is only one."
    return ""


def _table_remedy(name: str, table: dict[str, Any]) -> str:
    """Return what a table at the top, of no name that is known, is meant to be."""
    if name in ("recipe", "reciepe", "receipe") and table and all(isinstance(one, dict) for one in table.values()):
        return f"Write a recipe as [recipes.{next(iter(table))}]."
    if table and set(table) <= _RECIPE_KEYS and not difflib.get_close_matches(name, _section_names(), 1):
        return f"Write a recipe as [recipes.{name}]."
    if table and set(table) <= _OUTPUT_KEYS:
        return "Outputs belong to a recipe: [[recipes.NAME.outputs]]."
    return ""


def _section_names() -> list[str]:
    return [field.name for field in msgspec.structs.fields(Settings)]


def _recipe_name(key: str) -> str:
    parts = key.split(".")
    return parts[1] if parts[0] == "recipes" and len(parts) > 2 else "NAME"


def _all_places(recipe: str) -> Iterator[KeyPlace]:
    yield KeyPlace("default", "at the top of the file, above the first [table]")
    yield KeyPlace("watch", "at the top, as [[watch]]")
    yield KeyPlace("hook", "at the top, as [[hook]]")
    yield KeyPlace("recipes", "at the top, as [recipes.NAME]")
    for section in msgspec.structs.fields(Settings):
        if isinstance(section.type, type) and issubclass(section.type, msgspec.Struct):
            yield KeyPlace(section.name, f"at the top, as [{section.name}]")
            yield from _keys(section.type, f"in [{section.name}]")
    yield from _keys(WatchSettings, "in [[watch]]")
    yield from _keys(AddSettings, "in [[schedule.add]]")
    yield from _keys(HookSettings, "in [[hook]]")
    yield from (one for one in _keys(Recipe, f"in [recipes.{recipe}]") if one.key != "name")
    yield from _keys(Output, f"in [[recipes.{recipe}.outputs]]")
    for operation in operations.ALL:
        step = f'{_IN_STEP}steps = [ {{ op = "{op_name(operation)}"'
        yield KeyPlace(op_name(operation), f"{step}, … }} ]")
        yield from (KeyPlace(one.key, f"{step}, {one.key} = … }} ]") for one in _keys(operation, ""))


def _keys(kind: type[msgspec.Struct], place: str) -> Iterator[KeyPlace]:
    for field in msgspec.structs.fields(kind):
        yield KeyPlace(field.encode_name, place)


def _is_here(place: str, path: str) -> bool:
    """Return whether a place is that of the keys below `path`, where the key is known to be none.

    For the keys of a step, those of all other operations count as such: what another operation has is no help there.
    """
    if place.startswith(_IN_STEP) and _STEP_PATH.search(path):
        return True
    plain = "".join(letter for letter in path if letter not in "0123456789") if "[" in path else path
    return place in (f"in [{path}]", f"in [[{plain.removesuffix('[]')}]]")

"""The problems of a config, said so that a person can fix the file; also those that msgspec finds."""

import difflib
import re
import types
import typing
from collections.abc import Collection, Iterable
from typing import Any, Literal, NamedTuple

import msgspec

from fileq.recipes.recipe import Recipe

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "array": 'a list, like ["a", "b"]',
    "object": "a table",
    "datetime": "a date",
    "date": "a date",
    "time": "a time",
}
_STEP_OF_PATH = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


class ConfigProblem(NamedTuple):
    """What is wrong at a dotted key, in words that follow it, and the remedy, a sentence or ""."""

    key: str
    message: str
    remedy: str = ""


def problem_from_validation(
    error: msgspec.ValidationError, kind: Any, value: object, prefix: str | None = None
) -> ConfigProblem:
    """Return what `error` means, which came of converting `value` to `kind`. The key is relative to `value`.

    `prefix` is the dotted key of `value` in its config, "" for the whole; None where it stands in none.
    """
    text, _, path = str(error).partition(" - at `$")
    path = path.rstrip("`")
    found, holder = _walk(kind, value, path)
    key = path.removeprefix(".")
    if match := re.fullmatch(r"Object contains unknown field `(.*)`", text, re.DOTALL):
        problem = unknown_key_problem(f"{key}.{match[1]}".lstrip("."), _keys_of(found))
        return problem if prefix is None else _with_place(problem, _keys_of(found), prefix, value)
    if match := re.fullmatch(r"Object missing required field `(.*)`", text):
        return ConfigProblem(key, f"needs the key {match[1]}", _missing_remedy(match[1], found))
    if match := re.fullmatch(r"Invalid (?:enum )?value (.*)", text, re.DOTALL):
        return ConfigProblem(key, f"can't be {match[1]}", suggest_names(match[1].strip("'"), _choices(found, holder)))
    if match := re.fullmatch(r"Expected `([^`]*)`, got `([^`]*)`", text):
        remedy = "" if prefix is None else _shape_remedy(f"{prefix}.{key}".strip("."), match[1], match[2])
        return ConfigProblem(key, f"must be {_words(match[1])}, not {_words(match[2]).partition(',')[0]}", remedy)
    if match := re.fullmatch(r"Expected `\w+` (<=|>=) (.*)", text):
        return ConfigProblem(key, f"must be {'at least' if match[1] == '>=' else 'at most'} {match[2]}")
    return problem_from_check(key, text)


def problem_from_check(key: str, text: str) -> ConfigProblem:
    """Return the problem that the text of a ValueError means: what is wrong, then after a semicolon the remedy."""
    problem, _, remedy = text.partition("; ")
    return ConfigProblem(
        key, problem, f"{remedy[:1].upper()}{remedy[1:]}{'' if remedy.endswith('?') else '.'}" if remedy else ""
    )


def unknown_key_problem(key: str, known: Iterable[str]) -> ConfigProblem:
    """Return the problem of a dotted key whose last part is none of `known`; the remedy suggests one."""
    return ConfigProblem(key, "there is no such key", suggest_names(key.rpartition(".")[2], known))


def unknown_name_problem(key: str, name: str, known: Iterable[str]) -> ConfigProblem:
    """Return the problem of a name, the value of `key`, that is none of `known`; the remedy suggests one."""
    return ConfigProblem(key, f"there is no {name!r}", suggest_names(name, known))


def suggest_names(name: str, known: Iterable[str]) -> str:
    """Return the remedy for a name that is none of `known`: the nearest one, or the list of all; "" for no names."""
    known = sorted(known)
    if nearest := difflib.get_close_matches(name, known, 1):
        return f"Did you mean {nearest[0]}?"
    return f"It can be {', '.join(known)}." if known else ""


def _with_place(problem: ConfigProblem, known: Collection[str], prefix: str, value: object) -> ConfigProblem:
    """Return the problem of a key that is none of `known`, with the place where it belongs."""
    from fileq.config.key_places import place_remedy  # noqa: PLC0415  # only a mistake asks where keys belong

    set_to = value.get(problem.key) if isinstance(value, dict) else None
    remedy = place_remedy(f"{prefix}.{problem.key}".strip("."), known, set_to)
    return problem._replace(remedy=remedy or problem.remedy)


def _shape_remedy(key: str, expected: str, found: str) -> str:
    from fileq.config.key_places import shape_remedy  # noqa: PLC0415  # only a mistake asks how keys are written

    return shape_remedy(key, expected.split(" | "), found)


def _words(kinds: str) -> str:
    return " or ".join(_WORDS.get(kind, kind) for kind in kinds.split(" | ") if kind != "null")


def _missing_remedy(name: str, found: Any) -> str:
    operations = ", ".join(sorted(_tags(found)))
    return f"It can be {operations}." if name == "op" and operations else f"Add {name}."


def _walk(kind: Any, value: object, path: str) -> tuple[Any, Any]:
    """Return the type that is expected at `path`, and the one that holds it."""
    holder = None
    for name, index in _STEP_OF_PATH.findall(path):
        holder = kind = _narrowed(kind, value)
        if index:
            kind = typing.get_args(kind)[0] if typing.get_args(kind) else None
            value = value[int(index)] if isinstance(value, list) and index.isdigit() else None
        else:
            types_by_name = {field.encode_name: field.type for field in _fields(kind)}
            kind = types_by_name.get(name, kind if name == "op" else None)
            value = value.get(name) if isinstance(value, dict) else None
    return _narrowed(kind, value), holder


def _narrowed(kind: Any, value: object) -> Any:
    """Return the member of a union that `value` says it is; another type as it is."""
    if typing.get_origin(kind) is typing.Annotated:
        kind = typing.get_args(kind)[0]
    if typing.get_origin(kind) not in (typing.Union, types.UnionType):
        return kind
    if isinstance(value, dict) and (tagged := _tags(kind).get(str(value.get("op")))):
        return tagged
    members = [member for member in typing.get_args(kind) if member is not type(None)]
    return members[0] if len(members) == 1 else kind


def _fields(kind: Any) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind) if _is_struct(kind) else ()


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _keys_of(kind: Any) -> list[str]:
    """Return what can be written in a table of this kind. A recipe's name is its key, not written again."""
    written = [field.encode_name for field in _fields(kind) if kind is not Recipe or field.name != "name"]
    return written + [kind.__struct_config__.tag_field] * (_is_struct(kind) and bool(kind.__struct_config__.tag_field))


def _tags(kind: Any) -> dict[str, Any]:
    """Return the structs of a tagged union, or the one struct, by their tags."""
    members = typing.get_args(kind) or (kind,)
    return {str(member.__struct_config__.tag): member for member in members if _is_struct(member)}


def _choices(kind: Any, holder: Any) -> list[str]:
    members = typing.get_args(kind) if typing.get_origin(kind) is not Literal else (kind,)
    words = [
        str(word) for member in members if typing.get_origin(member) is Literal for word in typing.get_args(member)
    ]
    return words or list(_tags(holder))

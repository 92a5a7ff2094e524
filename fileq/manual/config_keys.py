"""Every key of the config: its type and default from the settings, its sentence from the sample config's comments."""

import re
import typing
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from fileq.config import Settings, sample_config
from fileq.operations.reference import describe_type

_TABLE = re.compile(r"#?\[+([\w.]+)\]+")
_KEY = re.compile(r"#?(\w+) = ")
_SAMPLE_RECIPE = "recipes.shop"
_RECIPE = "recipes.NAME"
_LONGEST = 60  # of a default that is shown


class _Section(NamedTuple):
    """A table of the config: its dotted name, how its head is written, and the fields of its keys."""

    name: str
    head: str
    fields: tuple[msgspec.structs.FieldInfo, ...]


def config_keys() -> str:
    """Return a section of Markdown for each table of the config, with an item for each key."""
    comments = _key_comments(sample_config())
    return "\n\n".join(_describe_section(section, comments) for section in _sections(Settings, "", ""))


def _describe_section(section: _Section, comments: dict[str, str]) -> str:
    keys = [
        _describe_key(field, comments.get(f"{section.name}.{field.encode_name}".lstrip("."), ""))
        for field in section.fields
        if f"{section.name}.{field.encode_name}" != f"{_RECIPE}.name"  # it stands in the table's head
    ]
    title = f"## {section.head}" if section.head else "## Before all tables"
    return "\n".join([title, "", *keys])


def _describe_key(field: msgspec.structs.FieldInfo, comment: str) -> str:
    default = "" if field.required else _default(field)
    shown = f"{field.encode_name} = {default}" if default else field.encode_name
    need = "; it must be given" if field.required else ""
    return f"- `{shown}` ({_describe_type(field.type)}{need}): {comment}"


def _describe_type(kind: Any) -> str:
    """Return the type in words; of a small table that stands in one line, its keys."""
    members = [member for member in typing.get_args(kind) if member is not type(None)]
    struct, _ = _struct_in(members[0]) if len(members) == 1 else (None, None)
    if struct is None:
        return describe_type(kind)
    return f"table with {', '.join(field.encode_name for field in msgspec.structs.fields(struct))}"


def _sections(kind: Any, name: str, head: str) -> Iterator[_Section]:
    """Yield the table of the struct `kind`, and those below it: structs, lists of them, and tables with own names."""
    below: list[_Section] = []
    keys = []
    for field in msgspec.structs.fields(kind):
        dotted = f"{name}.{field.encode_name}".lstrip(".")
        struct, form = _struct_in(field.type)
        if struct is None:
            keys.append(field)
        elif form is dict:
            below += _sections(struct, f"{dotted}.NAME", f"[{dotted}.NAME]")
        else:
            below += _sections(struct, dotted, f"[[{dotted}]]" if form is tuple else f"[{dotted}]")
    if keys:
        yield _Section(name, head, tuple(keys))
    yield from below


def _struct_in(kind: Any) -> tuple[Any, Any]:
    """Return the struct that a field holds, and what holds it: None, tuple or dict. No operation is a table."""
    form = typing.get_origin(kind)
    members = [member for member in typing.get_args(kind) if member not in (..., str)]
    found = members[0] if form in (tuple, dict) and len(members) == 1 else kind
    is_table = isinstance(found, type) and issubclass(found, msgspec.Struct) and not found.__struct_config__.tag
    return (found, form if found is not kind else None) if is_table else (None, None)


def _default(field: msgspec.structs.FieldInfo) -> str:
    """Return the default as it is written in TOML; "" where there is none, or it is too long to be shown."""
    if field.default is None or field.default is msgspec.NODEFAULT or field.default in ((), ""):
        return ""
    shown = _toml(field.default)
    return shown if len(shown) <= _LONGEST else ""


def _toml(value: Any) -> str:
    """Return a value as it is written in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if type(value) in (int, float):
        return f"{value:_}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"'


def _key_comments(text: str) -> dict[str, str]:
    """Return the comment above each key of the sample config, by the key's dotted name. Keys may share one."""
    comments: dict[str, str] = {}
    table, comment, fresh = "", "", False
    for line in text.splitlines():
        if found := _TABLE.fullmatch(line):
            table, comment = found[1].replace(_SAMPLE_RECIPE, _RECIPE), ""
        elif found := _KEY.match(line):
            fresh = False
            comments.setdefault(f"{table}.{found[1]}".lstrip("."), comment)
        elif line.startswith("# "):
            comment = f"{comment} {line[2:]}" if fresh else line[2:]
            fresh = True
        else:
            fresh = False
    return comments

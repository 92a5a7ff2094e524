"""What people may read of an operation: its parameters with their types and defaults, and an example that runs."""

from __future__ import annotations

import inspect
import re
import shlex
import tomllib
import types
import typing
from typing import Any, Literal

import msgspec

from fileq.cron import Cron
from fileq.operations.base import Operation, op_name
from fileq.units import ByteSize, Dimensions, Duration, KeepDuration

_WORDS: dict[Any, str] = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "true or false",
    Dimensions: 'picture size, like "1600x1200" or "1600x"',
    Duration: 'duration, like "30s"',
    KeepDuration: 'duration, like "30d", or "forever"',
    ByteSize: 'size in bytes, like "300 KB"',
    Cron: 'cron line, or "off"',
}


class ParameterReference(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter: what it takes, in words; its default, None for none; and what it is for."""

    name: str
    type: str
    default: Any
    required: bool
    description: str


class OperationReference(msgspec.Struct, frozen=True, kw_only=True):
    """An operation: what it does, its parameters, more to know, and an example as a step of a recipe.

    `command` is the same example as a command.
    """

    name: str
    description: str
    parameters: tuple[ParameterReference, ...]
    notes: tuple[str, ...]
    example: str
    command: str


def describe_operation(operation: type[Operation]) -> OperationReference:
    """Return what there is to read of an operation, out of its docstring and its parameters' types."""
    lines = (inspect.getdoc(operation) or "").splitlines() if operation.__doc__ else []
    fields = {field.encode_name: field for field in msgspec.structs.fields(operation)}
    about = {key: text.strip() for key, sign, text in (line.partition(":") for line in lines) if sign and key in fields}
    example = next((line for line in lines if line.startswith("{ op")), f'{{ op = "{op_name(operation)}" }}')
    notes = [line for line in lines[1:] if line and line != example and line.partition(":")[0] not in fields]
    return OperationReference(
        name=op_name(operation),
        description=lines[0] if lines else "",
        parameters=tuple(_parameter(name, field, about.get(name, "")) for name, field in fields.items()),
        notes=tuple(notes),
        example=example,
        command=f"fileq run photos/ {_option(example)}",
    )


def _parameter(name: str, field: msgspec.structs.FieldInfo, about: str) -> ParameterReference:
    default = None if field.default is msgspec.NODEFAULT else field.default
    return ParameterReference(
        name=name,
        type=describe_type(field.type),
        default=default if isinstance(default, bool | int | float | str | None) else str(default),
        required=field.required,
        description=re.sub(r"\s+", " ", about),
    )


def describe_type(kind: Any) -> str:
    """Return the type of a parameter, or of a config's key, in words."""
    arguments = [argument for argument in typing.get_args(kind) if argument is not type(None)]
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return describe_type(arguments[0])
    if origin is Literal:
        return ", ".join(map(str, arguments))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(describe_type(argument) for argument in arguments))
    if origin in (tuple, list):
        items = [argument for argument in arguments if argument is not ...]
        return f"list of {len(items)} {describe_type(items[0])}s" if len(items) > 1 else "list"
    return _WORDS.get(kind, str(getattr(kind, "__name__", kind)))


def _option(example: str) -> str:
    """Return a step, written as in a recipe, as an option of the command line."""
    step = tomllib.loads(f"step = {example}")["step"]
    name = step.pop("op")
    if "argv" in step:
        argv = shlex.join(step["argv"]).replace("'{source}'", "{source}").replace("'{output}'", "{output}")
        return f"--exec {shlex.quote(argv)}"
    return f"--op {shlex.quote(' '.join([name, *(_assignment(key, value) for key, value in step.items())]))}"


def _assignment(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return f"{key}={str(value).lower()}"
    if isinstance(value, str) and re.search(r"[\s\"'\\]", value):
        return f'{key}="{value}"'
    return f"{key}={value}".replace(", ", ",")

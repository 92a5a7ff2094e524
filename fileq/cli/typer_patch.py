"""A patch of Typer that converts what was typed to the types of a command's parameters.

Typer would ask pydantic, whose import takes longer than all the rest of `fileq add` (80 ms of 150, measured).
"""

from collections.abc import Sequence
from enum import Enum
from typing import Any, get_args, get_origin

import typer

from fileq.config.problems import suggest_names

_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


class ParameterCoercion:
    """Converts text, whole numbers, flags and enums, and lists of them. In place of Typer's RuntimeParam."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value as the type of the parameter. Raises BadParameter."""
        kind = param.type_descriptor.annotation
        if get_origin(kind) is list:
            (kind,) = get_args(kind)
        is_list = param.multiple or param.nargs == -1
        try:
            if is_list:
                return [_converted(item, kind) for item in value or ()] or None  # its default
            return None if value is None else _in_range(_converted(value, kind), param)
        except ValueError as error:
            raise typer.BadParameter(str(error), ctx=ctx, param=param) from error


def _converted(value: Any, kind: Any) -> Any:
    if isinstance(value, kind):
        return value
    if kind is bool:
        if value.lower() not in _BOOLEANS:
            raise ValueError(f"{value!r} is neither yes nor no.")
        return _BOOLEANS[value.lower()]
    if issubclass(kind, Enum):
        words = [str(word.value) for word in kind]
        if value not in words:
            raise ValueError(f"there is no {value!r}. {suggest_names(value, words)}")
        return kind(value)
    try:
        return kind(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is no whole number.") from error


def _in_range(value: Any, param: Any) -> Any:
    least, most = getattr(param, "min", None), getattr(param, "max", None)
    if least is not None and value < least:
        raise ValueError(f"it must be at least {least}.")
    if most is not None and value > most:
        raise ValueError(f"it must be at most {most}.")
    return value


def _no_type_name(ctx: Any) -> str:
    """Return what help says of a type that needs no word: `<bool>`, `<list[str]>`."""
    del ctx
    return ""


def patch_command(command: Any, more_options: Sequence[Any] = ()) -> None:
    """Have the parameters of `command` converted here, and that of --help, which it makes when it is asked for it.

    `more_options` are added to its own.
    """
    get_params = command.get_params

    def get_patched_params(context: Any) -> Any:
        """Return the command's parameters, with our conversion and without names of plain types."""
        params = [*get_params(context), *more_options]
        for param in params:
            param.get_runtime_param = ParameterCoercion
            if param.param_type_name == "argument" or param.is_flag:
                param.display_type = _no_type_name
        return params

    command.get_params = get_patched_params

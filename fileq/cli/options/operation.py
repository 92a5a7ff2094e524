"""The text of --op: an operation's name and its parameters, `sharpen amount=0.5`."""

import shlex
import tomllib
from typing import Any

import msgspec

from fileq import operations
from fileq.config.paths import working_folder
from fileq.config.problems import ConfigProblem, problem_from_validation, suggest_names
from fileq.errors import UsageError
from fileq.operations.base import Operation, op_name
from fileq.recipes.recipe import decode_unit


def parse_operation(text: str) -> Operation:
    """Return the step that the text of --op means. Raises UsageError that names the parameter."""
    try:
        name, *parameters = shlex.split(text)
    except ValueError as error:
        raise _error(text, "it needs an operation", "For example: --op 'sharpen amount=0.5'") from error
    known = {op_name(operation): operation for operation in operations.ALL}
    if name not in known:
        raise _error(text, f"there is no operation {name}", suggest_names(name, known))
    texts = dict(_split(text, name, parameter) for parameter in parameters)
    return _converted(text, known[name], texts).located(working_folder())


def _split(text: str, operation: str, parameter: str) -> tuple[str, str]:
    key, sign, value = parameter.partition("=")
    if not sign or not key:
        raise _error(text, f"{parameter} has no value", f"Write key=value. See: fileq operations {operation}")
    return key, value


def _converted(text: str, kind: type[Operation], texts: dict[str, str]) -> Operation:
    values: dict[str, Any] = {key: _toml_value(value) for key, value in texts.items()}
    while True:
        try:
            return msgspec.convert({"op": op_name(kind), **values}, kind, dec_hook=decode_unit)
        except msgspec.ValidationError as error:
            problem = problem_from_validation(error, kind, values)
            key, reading = problem.key, None
            if key in texts:
                reading = _other_reading(texts[key], values[key], wants_list="Expected `array" in str(error))
            if reading is None:
                raise _problem_error(text, kind, problem) from error
            values[key] = reading


def _other_reading(text: str, value: Any, *, wants_list: bool) -> Any:
    """Return what a parameter's text can mean too, where `value` was not what the parameter takes; else None."""
    if wants_list:
        return None if isinstance(value, list) else [_toml_value(part.strip()) for part in text.split(",")]
    return None if value == text else text


def _toml_value(text: str) -> Any:
    """Return the value that the text is in TOML, else the text: 0.5, true, [1, 2], white."""
    try:
        values = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return values["value"] if len(values) == 1 else text  # a line break began another key


def _problem_error(text: str, kind: type[Operation], problem: ConfigProblem) -> UsageError:
    where = f"{problem.key}: " if problem.key else ""
    return _error(text, f"{where}{problem.message}", problem.remedy or f"See: fileq operations {op_name(kind)}")


def _error(text: str, problem: str, remedy: str) -> UsageError:
    return UsageError(f"--op '{text}': {problem}.", remedy)

"""Groups of options that several commands share: each is declared once, and comes to a command as one object."""

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, get_type_hints

import msgspec

R = TypeVar("R")

_KEYWORD = inspect.Parameter.KEYWORD_ONLY


class OptionGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Options that belong together. Each field is one, annotated for Typer, with its default."""


def with_option_groups(command: Callable[..., R]) -> Callable[..., R]:
    """Return a command that Typer gives the options of each group that `command` has a parameter for.

    `command` itself gets an object for each group. No option may be in two groups of one command.
    """
    hints = get_type_hints(command, include_extras=True)
    groups = {name: kind for name, kind in hints.items() if isinstance(kind, type) and issubclass(kind, OptionGroup)}

    @functools.wraps(command)
    def called_by_typer(*args: Any, **options: Any) -> R:
        """Call the command, with the options of each group as one object."""
        for name, group in groups.items():
            options[name] = group(**{field: options.pop(field) for field in group.__struct_fields__})
        return command(*args, **options)

    parameters = list(_flat_parameters(command, hints, groups))
    called_by_typer.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
    called_by_typer.__annotations__ = {one.name: one.annotation for one in parameters}
    return called_by_typer


def _flat_parameters(
    command: Callable[..., Any], hints: dict[str, Any], groups: dict[str, type[OptionGroup]]
) -> Iterator[inspect.Parameter]:
    for name, parameter in inspect.signature(command).parameters.items():
        if name not in groups:
            yield parameter.replace(annotation=hints[name])
            continue
        fields = get_type_hints(groups[name], include_extras=True)
        for field in msgspec.structs.fields(groups[name]):
            yield inspect.Parameter(field.name, _KEYWORD, default=field.default, annotation=fields[field.name])

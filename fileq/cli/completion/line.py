"""A command line that is being typed: the command that it names, and the parameter that comes next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import typer

from fileq.cli import typer_patch
from fileq.cli.app import root_app


@dataclass
class CommandLine:
    """What the words before the cursor mean, and the word that is begun there.

    `parameter` is the one whose value is begun; None where that is an option or a command. `prefix` is what stands
    before the value in the same word: `--recipe=`.
    """

    command: Any
    parents: list[str]
    parameters: list[Any]
    incomplete: str = ""
    prefix: str = ""
    parameter: Any = None
    given: dict[str, str] = field(default_factory=dict)  # the values of options, the last of each

    @property
    def options(self) -> Iterator[Any]:
        """The options of the command."""
        return (one for one in self.parameters if one.param_type_name == "option")


def read_line(words: Sequence[str], incomplete: str) -> CommandLine:
    """Return what `words` mean, and what `incomplete` begins."""
    root = typer.main.get_command(root_app)
    typer_patch.patch_command(root)
    line = CommandLine(root, [], _parameters(root, "fileq"))
    waiting: Any = None
    only_arguments = False
    position = 0
    for word in words:
        if waiting is not None:
            _note(line, waiting, word)
            waiting = None
        elif word == "--" and not only_arguments:
            only_arguments = True
        elif word.startswith("-") and len(word) > 1 and not only_arguments:
            waiting = _read_option(line, word)
        elif not only_arguments and position == 0 and (below := _command_below(line, word)):
            line.command, line.parameters = below, _parameters(below, word)
            line.parents.append(word)
        else:
            position += 1
    return _at_cursor(line, incomplete, waiting, position, only_arguments=only_arguments)


def _at_cursor(line: CommandLine, incomplete: str, waiting: Any, position: int, *, only_arguments: bool) -> CommandLine:
    line.incomplete = incomplete
    if waiting is not None:
        line.parameter = waiting
    elif incomplete.startswith("-") and not only_arguments:
        name, sign, value = incomplete.partition("=")
        if sign and (option := _find_option(line, name)) is not None and not option.is_flag:
            line.parameter, line.prefix, line.incomplete = option, f"{name}=", value
    elif position or not hasattr(line.command, "list_commands"):
        arguments = [one for one in line.parameters if one.param_type_name == "argument"]
        many = [one for one in arguments if one.nargs == -1]
        line.parameter = arguments[position] if position < len(arguments) else many[-1] if many else None
    return line


def _parameters(command: Any, name: str) -> list[Any]:
    parameters: list[Any] = command.get_params(command.context_class(command, info_name=name))
    return parameters


def _command_below(line: CommandLine, word: str) -> Any:
    if not hasattr(line.command, "list_commands"):
        return None
    return line.command.get_command(None, word)


def _find_option(line: CommandLine, name: str) -> Any:
    return next((one for one in line.options if name in (*one.opts, *one.secondary_opts)), None)


def _read_option(line: CommandLine, word: str) -> Any:
    """Return the option whose value the next word is; None where this one has all."""
    if word.startswith("--"):
        name, sign, value = word.partition("=")
        option = _find_option(line, name)
        if sign and option is not None:
            _note(line, option, value)
        return None if sign or option is None or option.is_flag else option
    for place, letter in enumerate(word[1:], 2):  # -qr is -q and -r; what follows -r is its value
        option = _find_option(line, f"-{letter}")
        if option is not None and not option.is_flag:
            if not word[place:]:
                return option
            _note(line, option, word[place:])
            break
    return None


def _note(line: CommandLine, option: Any, value: str) -> None:
    line.given[option.name.removeprefix("global_")] = value

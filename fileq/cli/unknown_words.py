"""Words that are no command and no option here, and what people who type them mean."""

import difflib
import os
from collections.abc import Collection

from fileq import operations
from fileq.cli.session import quote_command
from fileq.config import built_in_recipes
from fileq.operations.base import op_name

_OPTIONS = {
    "width": "--resize 1200x",
    "height": "--resize x800",
    "size": "--resize 1200x800",
    "scale": "--resize 50%",
    "output": "-o out",
    "output-dir": "-o out",
    "dest": "-o out",
    "jobs": "--workers 4",
    "threads": "--workers 4",
    "type": "--format webp",
    "convert": "--format webp",
    "text": "--watermark '© Ada'",
}
"""How options of other programs are written here."""

_COMMANDS = {
    "convert": "--format webp",
    "compress": "-r shrink",
    "strip": "--strip",
    "rename": "--name '{date:%Y}/{stem}.{ext}'",
    "process": "--resize 1200x",
}
"""What commands of other programs are, as options of `fileq run`."""


def option_hint(option: str) -> str:
    """Return how what an unknown option is meant to do is written; "" where nobody can tell."""
    name = option.lstrip("-").partition("=")[0]
    if name in _operation_names():
        return f"Operations are written like this: --op {name}. See: fileq operations {name}"
    return f"Write it like this: {_OPTIONS[name]}" if name in _OPTIONS else ""


def command_hint(word: str, commands: Collection[str]) -> str:
    """Return what is meant by a word that is no command: the nearest one, an operation, a recipe, or a file."""
    if option := _option_of(word):
        return f"Write: fileq run PATH {option}"
    if os.path.lexists(word):
        return f"To process that file or folder, write: {quote_command(['fileq', 'run', word])}"
    nearest = difflib.get_close_matches(word, commands, 1)
    return f"Did you mean {nearest[0]}?" if nearest else ""


def _option_of(word: str) -> str:
    if word == "resize":
        return "--resize 1200x"
    if word in _operation_names():
        return f"--op {word}"
    return f"-r {word}" if word in built_in_recipes() else _COMMANDS.get(word, "")


def _operation_names() -> set[str]:
    return {op_name(operation) for operation in operations.ALL}

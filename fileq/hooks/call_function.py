"""A hook's function is called, in a process of its own: `python -m fileq.hooks.call_function MODULE:NAME`.

The event comes on stdin. The exit code is 0 where the function has returned. With --check it is only looked for.
"""

import asyncio
import importlib
import inspect
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from fileq.hooks.event import decode_event

GROUP = "fileq.hooks"
"""The group of entry points that names functions."""


def find_function(name: str) -> Callable[..., Any]:
    """Import the function MODULE:NAME, or that of an entry point, and return it. Raises whatever goes wrong there."""
    if ":" in name:
        module, _, path = name.partition(":")
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    else:
        points = list(entry_points(group=GROUP, name=name))
        if not points:
            raise LookupError(f"No installed package has the entry point {name} in the group {GROUP}.")
        found = points[0].load()
    if not callable(found):
        raise TypeError(f"{name} can't be called.")
    return found  # type: ignore[no-any-return]  # callable() tells mypy nothing


def main(name: str, option: str = "") -> None:
    """Call the function with the event on stdin; one that is async is run to its end."""
    try:
        function = find_function(name)
        if option != "--check":
            result = function(decode_event(sys.stdin.buffer.read()))
            if inspect.iscoroutine(result):
                asyncio.run(result)
    except SystemExit as error:  # one with code 0 would look as if all had been done
        raise RuntimeError(f"it has ended its process by SystemExit({error.code})") from error


if __name__ == "__main__":
    main(*sys.argv[1:])

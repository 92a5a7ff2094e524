"""What is under way when something goes wrong, and how one goes on after it."""

from collections.abc import Sequence
from dataclasses import dataclass

Command = Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Commands whose end is known. {inbox}, {out}, {moved}, {failed} are folders; {far} is one on another device.

    `before` is not disturbed. Whoever goes on repeats the commands from the one that did not end well, and then does
    `last`, after which all must be as if nothing had been.
    """

    commands: Sequence[Command]
    last: Command
    before: Sequence[Command] = ()
    newer: Sequence[str] = ()
    """Sources that have other content after `before`."""
    config: str = ""
    foreign: Sequence[str] = ()
    """Outputs whose places strangers' files have."""
    has_broken_picture: bool = False
    deletes: bool = False
    """Whether an original may go, once its outputs are there."""


_DRAIN = ("worker", "--drain", "--workers", "1")
_WATCH = ("watch", "--once", "--work", "--workers", "1")
_ADD = ("add", "{inbox}", "-r", "two", "-o", "{out}")
_SMALLER = ("run", "{inbox}", "-r", "smaller", "--workers", "1")
_UNDO = ("undo", "1")
_STAY = ("watch", "--work", "--workers", "1")
"""It is stopped once the inbox is empty."""

_RECIPES = """
[worker]
retry_delay = "100ms"

[recipes.two]
steps = [ {{ op = "resize", fit = "48x48" }} ]
outputs = [
    {{ name = "{{stem}}.jpg" }},
    {{ name = "{{stem}}-small.webp", steps = [ {{ op = "resize", fit = "16x16" }} ] }},
]

[recipes.smaller]
out = "{{folder}}"
replace = true
steps = [ {{ op = "resize", scale = 0.5 }} ]
outputs = [ {{ name = "{{stem}}.{{ext}}" }} ]

[recipes.beside]
on_conflict = "rename"
steps = [ {{ op = "resize", fit = "48x48" }} ]

[recipes.copied]
steps = [ {{ op = "command", argv = ["cp", "{{source}}", "{{output}}"] }} ]
"""
_INBOX = """
[[watch]]
path = "{inbox}"
recipe = "two"
out = "{out}"
"""


def _run(recipe: str) -> Command:
    return ("run", "{inbox}", "-r", recipe, "-o", "{out}", "--workers", "1")


def _watch(*keys: str, has_broken_picture: bool = False, command: Command = _WATCH) -> Scenario:
    return Scenario(
        commands=[command],
        last=_WATCH,
        config=_RECIPES + _INBOX + "\n".join(keys) + "\n",
        has_broken_picture=has_broken_picture,
        deletes='after = "delete"' in keys,
    )


SCENARIOS = {
    "run": Scenario(commands=[_run("two")], last=_DRAIN, config=_RECIPES),
    "add": Scenario(commands=[_ADD, _DRAIN], last=_DRAIN, config=_RECIPES),
    "keep": _watch(),
    "move": _watch('after = "move"', 'move_to = "{moved}"'),
    "stay": _watch('after = "move"', 'move_to = "{moved}"', command=_STAY),
    "move far": _watch('after = "move"', 'move_to = "{far}"'),
    "delete": _watch('after = "delete"'),
    "failed_to": _watch('after = "move"', 'move_to = "{moved}"', 'failed_to = "{failed}"', has_broken_picture=True),
    "replace": Scenario(commands=[_SMALLER], last=_DRAIN, config=_RECIPES),
    "rename": Scenario(commands=[_run("beside")], last=_DRAIN, config=_RECIPES, foreign=["0.jpg", "1.jpg"]),
    "command": Scenario(commands=[_run("copied")], last=_DRAIN, config=_RECIPES),
    "clean": Scenario(
        before=[_run("two")],
        commands=[("clean", "--older-than", "0s")],
        last=_DRAIN,
        config=_RECIPES,
        foreign=["note.jpg"],
    ),
    "supersede": Scenario(
        before=[_ADD], newer=["0.jpg", "1.png"], commands=[_run("two")], last=_DRAIN, config=_RECIPES
    ),
    "newer": Scenario(before=[_run("two")], newer=["0.jpg"], commands=[_run("two")], last=_DRAIN, config=_RECIPES),
    "undo": Scenario(before=[_run("two")], commands=[_UNDO], last=_DRAIN, config=_RECIPES, foreign=["note.jpg"]),
    "put back": Scenario(before=[_SMALLER], commands=[_UNDO], last=_DRAIN, config=_RECIPES),
}

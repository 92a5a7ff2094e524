"""The options that every command has, before its name or after: `fileq run photos -q` is `fileq -q run photos`."""

import copy
from collections.abc import Iterable
from typing import Any

import typer

from fileq.cli.session import Session, session_of

NAMES = ("config", "database", "quiet", "verbose", "debug")
"""What they are called: the parameters of the app's callback, and the commands' own copies of them."""

EPILOG = "Also: --config FILE, --database FILE, -q, -v, --debug; see fileq --help."
"""What a command's help says of them."""


def apply_options(session: Session, context: typer.Context, given: dict[str, Any]) -> None:
    """Set what was given, by name, on the session: what is said later counts. Raises BadParameter."""
    session.config_option = given.get("config") or session.config_option
    session.database_option = given.get("database") or session.database_option
    session.quiet = session.quiet or bool(given.get("quiet"))
    session.verbose = session.verbose or bool(given.get("verbose"))
    session.debug = session.debug or bool(given.get("debug"))
    if session.quiet and session.verbose:
        raise typer.BadParameter("it can't be combined with --verbose", ctx=context, param_hint="--quiet")


def options_of_commands(options: Iterable[Any]) -> list[Any]:
    """Return a command's copies of those among the app's `options` that are global; they go to the session alone."""
    return [_copied(option) for option in options if option.name in NAMES]


def _copied(option: Any) -> Any:
    copied = copy.copy(option)
    copied.name = f"global_{option.name}"  # a command may have one of this name
    copied.hidden = True  # EPILOG names it
    copied.expose_value = False
    copied.is_eager = True  # an error in another option shows a traceback, where --debug follows it
    copied.allow_from_autoenv = False  # the app's own has read the environment
    copied.callback = _applied
    return copied


def _applied(context: typer.Context, option: Any, value: Any) -> None:
    if value and not context.resilient_parsing:
        apply_options(session_of(context), context, {option.name.removeprefix("global_"): value})

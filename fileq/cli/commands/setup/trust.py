"""fileq trust: let a config that is found by the way run programs, send notifications and name a database."""

import os
from typing import Annotated, Any

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.config import (
    CONFIG_NAME,
    RestrictedSettings,
    database_address_in_config,
    find_config_in_use,
    hide_password,
    is_server,
    read_restricted_settings,
)
from fileq.config.origins import hide_url_secrets
from fileq.config.paths import absolute_path
from fileq.config.trust import distrust_config, list_trusted_configs, trust_config
from fileq.display import Answer, Facts, Text, Tone
from fileq.display.answer import Block, Cell
from fileq.errors import ExitCode, NotFoundError, UsageError
from fileq.hooks.target import describe_target

app = new_app()


@app.command(epilog="Example: fileq trust")
def trust(
    context: typer.Context,
    *,
    path: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="A config, or its folder. Default: the one in use.", show_default=False),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Trust it no longer.", show_envvar=False)] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the configs that you trust.", show_envvar=False)] = False,
    json: options.Json = False,
) -> ExitCode:
    """Trust a config from now on, and show what it asks for.

    That is what it would run, send and use as its database. In a config that is found in the working folder or above,
    these count only once you trust it. The trust lasts, also when you change the file. A config that is not yours, or
    that others may write to, doesn't count at all.
    """
    session = session_of(context)
    display = session.display(json=json)
    if listed and (remove or path):
        raise UsageError("--list shows all; it takes no FILE, and can't be combined with --remove.")
    if listed:
        display.answer(_list_trusted())
    elif remove:
        display.answer(_distrust(_config_at(path) if path else find_config_in_use(session.config_option)))
    else:
        display.answer(_trust(_existing(_config_at(path)) if path else find_config_in_use(session.config_option)))
    return ExitCode.DONE


def _config_at(path: str) -> str:
    """Return the absolute path of a config that is named by itself or by its folder."""
    whole = absolute_path(path)
    return os.path.join(whole, CONFIG_NAME) if os.path.isdir(whole) else whole


def _existing(file: str) -> str:
    if not os.path.isfile(file):
        raise NotFoundError(f"There is no config file {file}.", "fileq init writes one to start from.")
    return file


def _trust(file: str) -> Answer:
    """Trust a config from now on. Returns what it asks for. Raises ConfigError, EnvironmentFailure."""
    restricted = read_restricted_settings(file)
    database = None if restricted.database is None else hide_password(restricted.database)
    if database is not None and not is_server(database):
        database = database_address_in_config(file, database)
    trust_config(file)
    blocks: list[Block] = [Facts([("config", file), *_facts(restricted, database)]), Text()]
    if restricted == RestrictedSettings():
        blocks.append(Text("The config asks for nothing that needs trust. What you add to it later counts too."))
    blocks.append(Text("You trust this config from now on. To take that back: fileq trust --remove", Tone.GOOD))
    return Answer({"file": file, "trusted": True, **_document(restricted, database)}, blocks)


def _distrust(file: str) -> Answer:
    was_trusted = distrust_config(file)
    text = f"{file} is {'not trusted any more' if was_trusted else 'not trusted, and was not before'}."
    return Answer({"file": file, "trusted": False}, [Text(text)])


def _list_trusted() -> Answer:
    files = list_trusted_configs()
    return Answer(files, [Text(file) for file in files] or [Text("You have trusted no config.")])


def _facts(restricted: RestrictedSettings, database: str | None) -> list[tuple[str, Cell]]:
    facts: list[tuple[str, Cell]] = [
        ("runs", f"{' '.join(program.argv)} (recipe {program.recipe_name})") for program in restricted.programs
    ]
    if restricted.notify is not None:
        facts += [("runs", f"{' '.join(restricted.notify.command)} (notices)")] if restricted.notify.command else []
        facts += [("sends", f"notices to {hide_url_secrets(url)}") for url in restricted.notify.urls]
        facts += [("takes", f"${{{name}}} from the environment") for name in restricted.notify.variables]
    for hook in restricted.hook:
        facts.append(("calls" if hook.url or hook.function else "runs", f"{describe_target(hook)} (hook {hook.name})"))
        facts += [("takes", f"${{{name}}} from the environment") for name in hook.variables]
    facts += [("database", database)] if database is not None else []
    return [*facts, *([("broker", hide_password(restricted.broker))] if restricted.broker is not None else [])]


def _document(restricted: RestrictedSettings, database: str | None) -> dict[str, Any]:
    notify = restricted.notify
    return {
        "programs": [{"recipe": program.recipe_name, "argv": list(program.argv)} for program in restricted.programs],
        "notices": notify
        and {
            "command": list(notify.command),
            "urls": [hide_url_secrets(url) for url in notify.urls],
            "variables": notify.variables,
        },
        "hooks": [
            {"name": hook.name, "target": describe_target(hook), "variables": hook.variables}
            for hook in restricted.hook
        ],
        "database": database,
        "broker": None if restricted.broker is None else hide_password(restricted.broker),
    }
